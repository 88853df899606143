"use strict";
// Clips dropped on the page, how far they are, and their results.

async function upload(file) {
  const item = document.createElement("li");
  item.textContent = `${file.name}: being sent`;
  byId("clips").prepend(item);
  try {
    const response = await fetch("clips", {
      method: "POST", body: file, headers: { "X-Name": encodeURIComponent(file.name) },
    });
    if (!response.ok) throw new Error(await response.text());
    item.remove();
    await showClips();
  } catch (error) {
    // A browser says only that fetching failed where the connection broke.
    const why = error instanceof TypeError ? "the connection broke; send it again." : error.message;
    item.textContent = `${file.name}: ${why}`;
    item.className = "warning";
  }
}

const STAGES = { see: "finding people", lift: "lifting to 3D", page: "making the page" };

function describe(clip) {
  const item = document.createElement("li"), name = document.createElement("b");
  name.textContent = clip.shown;
  item.append(name, " ");
  item.dataset.state = clip.state;
  if (clip.sent) item.append(`${new Date(clip.sent * 1000).toLocaleString()} `);
  if (clip.state === "working") {
    const bar = document.createElement("progress");
    bar.value = clip.share;
    bar.setAttribute("aria-label", `${clip.shown}: ${STAGES[clip.stage] || clip.stage}`);
    item.append(`${STAGES[clip.stage] || clip.stage} `, bar, " ");
  } else if (clip.state === "done") {
    for (const file of clip.files) {
      const link = document.createElement("a");
      link.href = `results/${clip.key}/${encodeURIComponent(file)}`;
      link.textContent = file.endsWith(".html") ? "open the result" : file;
      if (!file.endsWith(".html")) link.download = file;
      item.append(link);
    }
  } else item.append(`${clip.state === "failed" ? clip.message : "waits for its turn"} `);
  item.append(remover(clip));
  return item;
}

// A button that asks once more, then removes a clip and what was made of it.
function remover(clip) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove ${clip.shown}`);
  button.addEventListener("click", async () => {
    if (!button.dataset.sure) {
      button.dataset.sure = "asked";
      button.textContent = "Remove it and its results?";
      clearTimeout(clipTimer); // until this is answered, the list stays as it is
      return;
    }
    const response = await fetch(`clips/${clip.key}`, { method: "DELETE" }).catch(() => null);
    if (!response) lost();
    await showClips().catch(() => lost());
  });
  return button;
}

let clipTimer = 0;

async function showClips() {
  const response = await fetch("clips.json");
  if (!response.ok) throw new Error(await response.text());
  const list = byId("clips"), clips = await response.json();
  const others = [...list.children].filter((item) => !item.dataset.state);
  const unfinished = clips.filter((clip) => ["working", "waiting"].includes(clip.state));
  const ended = clips.filter((clip) => !unfinished.includes(clip));
  // The live page shows the newest; the page of results all of them.
  const shown = list.dataset.most ? ended.slice(0, Number(list.dataset.most)) : ended;
  list.replaceChildren(...others, ...[...unfinished, ...shown].map(describe));
  if (byId("none")) byId("none").hidden = list.children.length > 0;
  clearTimeout(clipTimer);
  if (unfinished.length) clipTimer = setTimeout(() => showClips().catch(() => lost()), 700);
}

function lost() {
  problem("The server does not answer; trying again. Its results stay in its folder.", "clips");
  clearTimeout(clipTimer);
  clipTimer = setTimeout(() => showClips().then(() => problem("", "clips")).catch(() => lost()), 3000);
}

byId("file").addEventListener("change", (event) => {
  for (const file of event.target.files) upload(file);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  for (const file of event.dataTransfer.files) upload(file);
});
showClips().catch(() => lost());
