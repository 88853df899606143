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
    item.textContent = `${file.name}: ${error.message}`;
    item.className = "warning";
    item.id = "refused";
  }
}

const STAGES = { see: "finding people", lift: "lifting to 3D", page: "making the page" };

function describe(clip) {
  const item = document.createElement("li"), name = document.createElement("b");
  name.textContent = clip.shown;
  item.append(name, " ");
  item.dataset.state = clip.state;
  if (clip.state === "working") {
    const bar = document.createElement("progress");
    bar.value = clip.share;
    item.append(`${STAGES[clip.stage] || clip.stage} `, bar);
  } else if (clip.state === "done") {
    for (const file of clip.files) {
      const link = document.createElement("a");
      link.href = `results/${clip.key}/${encodeURIComponent(file)}`;
      link.textContent = file.endsWith(".html") ? "open the result" : file;
      if (!file.endsWith(".html")) link.download = file;
      item.append(link);
    }
  } else item.append(clip.state === "failed" ? clip.message : clip.state);
  return item;
}

async function showClips() {
  const response = await fetch("clips.json");
  if (!response.ok) return;
  const clips = await response.json();
  const others = [...byId("clips").children].filter((item) => !item.dataset.state);
  byId("clips").replaceChildren(...others, ...clips.map(describe));
  clearTimeout(window.clipTimer);
  if (clips.some((clip) => ["working", "waiting"].includes(clip.state))) {
    window.clipTimer = setTimeout(() => showClips().catch(() => lost()), 700);
  }
}

function lost() {
  problem("The server does not answer. Its results stay in its folder.");
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
