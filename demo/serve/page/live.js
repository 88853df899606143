"use strict";
// The live page: one picture on its way at a time, always the newest; people drawn on the very
// picture that was sent.

const JOINTS = 17;
const byId = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const WIDTH = 640; // pixels of the pictures that are sent
const CHOICES = ["people", "lookahead", "pose", "lifter"];

document.documentElement.dataset.theme =
  matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
document.body.classList.toggle("only-3d", asked.get("only") === "3d");
document.body.classList.toggle("transparent", asked.get("background") === "transparent");

// `of` says what the problem is about, so that only the same thing going well takes it away.
function problem(text, of = "page") {
  const box = byId("problem");
  if (!text && box.dataset.of !== of) return;
  box.textContent = text;
  box.dataset.of = of;
  box.hidden = !text;
}

class LivePage {
  constructor(look, choices) {
    this.look = look;
    this.room = new Room(byId("room"), look, document.documentElement.dataset.theme);
    this.room.transparent = document.body.classList.contains("transparent");
    this.overlay = new Overlay(byId("overlay"), look);
    this.sent = document.createElement("canvas");
    this.sending = this.sent.getContext("2d", { willReadFrequently: true, alpha: false });
    this.camera = byId("camera");
    this.cells = new Map();
    this.latencies = [];
    this.done = [];
    this.answers = this.failures = this.toldAt = 0;
    for (const name of ["pose", "lifter"]) {
      for (const one of choices[name]) byId(name).add(new Option(one, one));
      byId(name).value = choices.begin[name];
    }
    if (choices.lifter.length < 2) problem("This server has no weights of a lifter: run `poselift weights` there.");
    this.frameRoom([[-0.6, -0.4, 0], [0.6, 0.4, 1.8]]);
    moveByHand(this.room, () => this.draw());
    for (const view of [...Object.keys(look.views), "turntable"]) byId("view").add(new Option(view, view));
    if (asked.get("view") in look.views || asked.get("view") === "turntable") {
      byId("view").value = asked.get("view");
      this.room.setView(asked.get("view"));
    }
    byId("view").addEventListener("change", (event) => {
      this.room.setView(event.target.value);
      this.draw();
    });
    byId("start").addEventListener("click", () => (this.stream ? this.stop() : this.start()));
    byId("cameras").addEventListener("change", () => this.stream && this.start());
    byId("record").addEventListener("click", () => this.say({ record: !this.recording }));
    byId("snapshot").addEventListener("click", () => this.snapshot());
    for (const id of CHOICES) byId(id).addEventListener("change", () => this.choose());
    byId("show").addEventListener("change", () => this.draw());
    byId("theme").addEventListener("click", () => this.turnTheme());
    byId("room").addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(byId("stage"));
  }

  async start() {
    for (const of of ["camera", "server", "picture"]) problem("", of);
    this.stopCamera();
    if (!navigator.mediaDevices) {
      problem("Cameras are only for pages of this machine or over HTTPS: start the server with --certificate.", "camera");
      return;
    }
    try {
      const chosen = byId("cameras").value;
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: WIDTH }, height: { ideal: 480 }, ...(chosen && { deviceId: chosen }) },
      });
    } catch (error) {
      problem({
        NotAllowedError: "The camera was refused. Allow it for this page in the browser, then start again.",
        NotFoundError: "There is no camera here.",
        NotReadableError: "The camera is in use by another program.",
      }[error.name] || `The camera cannot be opened: ${error.message}`, "camera");
      return;
    }
    this.stream.getVideoTracks()[0].addEventListener("ended", () => {
      this.stop();
      problem("The camera was unplugged.", "camera");
    });
    this.camera.srcObject = this.stream;
    await this.camera.play();
    byId("start").textContent = "Stop the camera";
    await this.listCameras();
    this.watchCamera();
    this.connect();
  }

  // Notes when the camera has a picture that was not sent yet, and sends it where one is awaited.
  watchCamera() {
    this.fresh = true;
    if (!this.camera.requestVideoFrameCallback || this.watching) return;
    this.watching = true;
    const watch = () => this.camera.requestVideoFrameCallback(() => {
      watch();
      this.fresh = true;
      if (this.awaited) this.next();
    });
    watch();
  }

  async listCameras() {
    const found = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
    const chosen = this.stream.getVideoTracks()[0].getSettings().deviceId;
    byId("cameras").replaceChildren(...found.map((one, i) =>
      new Option(one.label || `camera ${i + 1}`, one.deviceId, false, one.deviceId === chosen)));
  }

  connect() {
    if (this.socket) this.socket.close();
    const socket = new WebSocket(new URL("live", location.href.replace(/^http/, "ws").split("?")[0]));
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.failures = 0;
      problem("", "server");
      byId("facts").textContent = "The networks are being loaded.";
      this.choose();
      this.next();
    });
    socket.addEventListener("message", (event) => socket === this.socket && this.heard(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (socket !== this.socket) return;
      const kept = this.recording ? " What was recorded so far is kept among the results." : "";
      this.recording = false;
      this.showRecording();
      if (!this.stream) return;
      byId("facts").textContent = "There is no connection to the server.";
      problem(event.code === 1013
        ? "The server has as many browsers as it takes. Close another one."
        : `The connection to the server was lost; trying again.${kept}`, "server");
      this.failures++;
      const wait = Math.min(1000 * 2 ** (this.failures - 1), 15000);
      setTimeout(() => this.stream && socket === this.socket && this.connect(), wait);
    });
  }

  say(message) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  choose() {
    this.say({ choose: {
      people: byId("people").value, lookahead: Number(byId("lookahead").value) || 0,
      pose: byId("pose").value, lifter: byId("lifter").value,
    } });
  }

  // Sends the camera's newest picture, as soon as there is one that was not sent.
  next() {
    if (!this.stream || this.socket.readyState !== WebSocket.OPEN) return;
    const { videoWidth, videoHeight } = this.camera;
    // A page that is not in view is told of no new pictures.
    const told = this.camera.requestVideoFrameCallback && !document.hidden;
    this.awaited = !videoWidth || (told && !this.fresh);
    if (this.awaited) {
      if (!told) setTimeout(() => this.awaited && this.next(), 50);
      return;
    }
    this.fresh = false;
    const height = Math.round((WIDTH * videoHeight) / videoWidth);
    if (this.sent.width !== WIDTH || this.sent.height !== height) {
      this.sent.width = WIDTH;
      this.sent.height = height;
    }
    this.sentAt = performance.now();
    this.sending.drawImage(this.camera, 0, 0, WIDTH, height);
    const { socket } = this;
    this.sent.toBlob((blob) => {
      const time = new ArrayBuffer(8);
      new DataView(time).setFloat64(0, this.sentAt / 1000, true);
      if (socket.readyState === WebSocket.OPEN) socket.send(new Blob([time, blob]));
    }, "image/jpeg", 0.8);
  }

  heard(answer) {
    if (answer.chosen) this.showChosen(answer.chosen);
    if (answer.problem) {
      problem(`${answer.problem} ${answer.hint}`, answer.picture ? "picture" : "choice");
      if (this.recording && !answer.recording) this.ended();
      if (answer.picture) setTimeout(() => this.next(), 1000);
      return;
    }
    if (answer.chosen) problem("", "choice");
    if (answer.told) problem(answer.told, "recording");
    if (answer.recorded || answer.recording !== undefined && answer.recording !== this.recording) {
      this.recording = answer.recording;
      this.showRecording(answer.recorded);
    }
    if (!answer.people) return;
    problem("", "picture");
    this.answer = answer;
    this.answers++;
    this.showPicture();
    this.grow(answer.people);
    this.draw();
    this.time(answer, this.sentAt);
    this.next();
  }

  ended() {
    this.recording = false;
    this.showRecording();
  }

  showChosen(chosen) {
    for (const name of CHOICES) if (document.activeElement !== byId(name)) byId(name).value = chosen[name];
  }

  // Until the picture and its people are on the screen: after the browser has painted them.
  time(answer, begun) {
    const done = () => {
      const now = performance.now();
      this.latencies = [...this.latencies.slice(-299), now - begun];
      this.done = [...this.done.slice(-59), now];
      if (now - this.toldAt < 250) return; // words that change faster cannot be read
      this.toldAt = now;
      this.showFacts(answer);
    };
    if (document.hidden) done();
    else requestAnimationFrame(() => setTimeout(done));
  }

  showFacts(answer) {
    const span = (this.done[this.done.length - 1] - this.done[0]) / 1000;
    const rate = span > 0 ? (this.done.length - 1) / span : 0;
    const last = this.latencies.slice(-60).sort((a, b) => a - b), median = last[last.length >> 1];
    const count = answer.people.length, wait = Number(byId("lookahead").value) || 0;
    byId("facts").textContent = `${count === 1 ? "1 person" : `${count} people`} in the picture, `
      + `${rate.toFixed(0)} pictures a second, ${median.toFixed(0)} ms from picture to screen `
      + `(${Math.round(answer.milliseconds)} in the server), lookahead ${wait}; ${answer.lifter}`;
  }

  showPicture() {
    const canvas = byId("picture");
    if (canvas.width !== this.sent.width || canvas.height !== this.sent.height) {
      canvas.width = this.sent.width;
      canvas.height = this.sent.height;
    }
    canvas.getContext("2d", { alpha: false }).drawImage(this.sent, 0, 0);
  }

  // The room grows with the places where somebody has been.
  grow(people) {
    let grown = false;
    for (const { pose } of people) {
      if (!pose) continue;
      for (let j = 0; j < JOINTS; j++) {
        const point = pose.slice(3 * j, 3 * j + 3), key = point.map((value) => Math.round(value * 2)).join();
        if (!this.cells.has(key)) {
          this.cells.set(key, point);
          grown = true;
        }
      }
    }
    if (grown && this.cells.size < 5000) this.frameRoom([...this.cells.values()]);
  }

  frameRoom(points) {
    if (this.room.view) this.room.frame(points);
  }

  draw() {
    const people = this.answer ? this.answer.people : [];
    if (this.answer && byId("show").checked) {
      this.overlay.draw(people.map((one) => ({ ...one, filled: false })), this.answer.size);
    } else this.overlay.clear();
    this.room.draw(people.filter((one) => one.pose).map((one) => ({
      id: one.id,
      scale: 1,
      pose: Float32Array.from(one.pose),
      alpha: one.score.map((score) => this.look.unseen + (1 - this.look.unseen) * opacity(score)),
    })), performance.now() / 1000);
  }

  key({ key, ctrlKey, metaKey, altKey }) {
    const { room } = this, act = {
      a: () => room.orbit(-6, 0), d: () => room.orbit(6, 0), w: () => room.orbit(0, 4), s: () => room.orbit(0, -4),
      "+": () => room.zoom(0.85), "-": () => room.zoom(1.18),
    }[key];
    if (!act || ctrlKey || metaKey || altKey) return;
    act();
    this.draw();
  }

  turnTheme() {
    const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = name;
    this.room.setTheme(name);
    this.draw();
  }

  showRecording(names) {
    const button = byId("record");
    button.setAttribute("aria-pressed", String(Boolean(this.recording)));
    button.textContent = this.recording ? "Stop recording" : "Record";
    if (!names) return;
    byId("recorded").replaceChildren(...names.map((name) => {
      const link = document.createElement("a");
      link.href = `recordings/${encodeURIComponent(name)}`;
      link.textContent = name;
      return link;
    }));
    if (!names.length) byId("recorded").textContent = "There was no picture to record.";
  }

  snapshot() {
    if (!this.answer) {
      problem("There is no picture yet: start the camera.", "camera");
      return;
    }
    const [picture, overlay, room] = ["picture", "overlay", "room"].map(byId);
    const paper = document.createElement("canvas"), height = room.height;
    const width = Math.round((picture.width * height) / picture.height);
    paper.width = width + room.width;
    paper.height = height;
    const context = paper.getContext("2d");
    context.drawImage(picture, 0, 0, width, height);
    const small = document.createElement("canvas");
    small.width = width;
    small.height = height;
    const scale = Math.min(overlay.width / width, overlay.height / height);
    context.drawImage(overlay, (overlay.width - width * scale) / 2, (overlay.height - height * scale) / 2,
      width * scale, height * scale, 0, 0, width, height);
    context.drawImage(room, width, 0);
    paper.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "poselift-snapshot.png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
  }

  stopCamera() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
  }

  stop() {
    this.stopCamera();
    this.awaited = false;
    if (this.socket) this.socket.close();
    byId("start").textContent = "Start the camera";
    byId("facts").textContent = "The camera is off.";
  }
}

Promise.all(["look.json", "choices.json"].map((name) => fetch(name).then((response) => response.json())))
  .then(([look, choices]) => {
    window.live = new LivePage(look, choices);
    if (asked.get("only") === "3d") window.live.start();
  })
  .catch((error) => problem(`The page could not be shown: ${error.message}`));
