"use strict";
// The page of results: clips by `clips.js`, and the recordings.

const byId = (id) => document.getElementById(id);

document.documentElement.dataset.theme =
  matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

async function showRecordings() {
  const recordings = await (await fetch("recordings.json")).json(), items = new Map();
  for (const { name, bytes } of recordings) {
    const base = name.replace(/\.\w+$/, ""), link = document.createElement("a");
    if (!items.has(base)) {
      const item = document.createElement("li"), title = document.createElement("b");
      title.textContent = base;
      item.append(title, " ");
      items.set(base, item);
    }
    link.href = `recordings/${encodeURIComponent(name)}`;
    link.textContent = `${name.slice(base.length + 1)}, ${bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`}`;
    items.get(base).append(link);
  }
  byId("recordings").replaceChildren(...items.values());
  byId("silence").hidden = items.size > 0;
}

showRecordings().catch((error) => problem(`The server does not answer: ${error.message}`));
