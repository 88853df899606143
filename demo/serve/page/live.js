"use strict";
// The live page: one picture on its way at a time, always the newest; people drawn on the very
// picture that was sent.

const JOINTS = 17;
const byId = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const WIDTH = 640; // pixels of the pictures that are sent

document.body.classList.toggle("only-3d", asked.get("only") === "3d");
document.body.classList.toggle("transparent", asked.get("background") === "transparent");

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

class LivePage {
  constructor(look) {
    this.look = look;
    this.room = new Room(byId("room"), look, "dark");
    this.room.transparent = document.body.classList.contains("transparent");
    this.overlay = new Overlay(byId("overlay"), look);
    this.sent = document.createElement("canvas");
    this.sending = this.sent.getContext("2d", { willReadFrequently: true, alpha: false });
    this.camera = byId("camera");
    this.cells = new Map();
    this.latencies = [];
    this.done = [];
    this.answers = 0;
    this.frameRoom([[-0.6, -0.4, 0], [0.6, 0.4, 1.8]]);
    moveByHand(this.room, () => this.draw());
    for (const view of [...Object.keys(look.views), "turntable"]) byId("view").add(new Option(view, view));
    byId("view").addEventListener("change", (event) => {
      this.room.setView(event.target.value);
      this.draw();
    });
    byId("start").addEventListener("click", () => (this.stream ? this.stop() : this.start()));
    byId("cameras").addEventListener("change", () => this.stream && this.start());
    byId("record").addEventListener("click", () => this.say({ record: !this.recording }));
    byId("snapshot").addEventListener("click", () => this.snapshot());
    for (const id of ["people", "lookahead", "pose", "lifter"]) {
      byId(id).addEventListener("change", () => this.choose());
    }
    new ResizeObserver(() => this.draw()).observe(byId("stage"));
  }

  async start() {
    problem("");
    this.stopCamera();
    if (!navigator.mediaDevices) {
      problem("Cameras are only for pages of this machine or over HTTPS: start the server with --certificate.");
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
      }[error.name] || `The camera cannot be opened: ${error.message}`);
      return;
    }
    this.stream.getVideoTracks()[0].addEventListener("ended", () => {
      problem("The camera was unplugged.");
      this.stop();
    });
    this.camera.srcObject = this.stream;
    await this.camera.play();
    byId("start").textContent = "Stop";
    await this.listCameras();
    this.connect();
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
    socket.addEventListener("open", () => {
      problem("");
      byId("facts").textContent = "The networks are being loaded.";
      this.choose();
      this.next();
    });
    socket.addEventListener("message", (event) => this.heard(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (socket !== this.socket) return;
      this.recording = false;
      this.showRecording();
      if (!this.stream) return;
      problem(event.code === 1013
        ? "The server has as many browsers as it takes. Close another one."
        : "The connection to the server was lost; trying again.");
      setTimeout(() => this.stream && socket === this.socket && this.connect(), 2000);
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

  // Sends the camera's newest picture.
  next() {
    const { videoWidth, videoHeight } = this.camera;
    if (!this.stream || !videoWidth) {
      if (this.stream) requestAnimationFrame(() => this.next());
      return;
    }
    const height = Math.round((WIDTH * videoHeight) / videoWidth);
    if (this.sent.width !== WIDTH || this.sent.height !== height) {
      this.sent.width = WIDTH;
      this.sent.height = height;
    }
    this.sending.drawImage(this.camera, 0, 0, WIDTH, height);
    this.sentAt = performance.now();
    this.sent.toBlob(async (blob) => {
      const time = new ArrayBuffer(8);
      new DataView(time).setFloat64(0, this.sentAt / 1000, true);
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(new Blob([time, blob]));
    }, "image/jpeg", 0.8);
  }

  heard(answer) {
    if (answer.problem) {
      problem(`${answer.problem} ${answer.hint}`);
      if (this.waiting) this.next();
      return;
    }
    if (answer.recorded !== undefined || (answer.recording !== undefined && !answer.people)) {
      this.recording = Boolean(answer.recording);
      this.showRecording(answer.recorded);
      return;
    }
    if (!answer.people) return;
    const now = performance.now();
    this.answer = answer;
    this.showPicture();
    this.grow(answer.people);
    this.draw();
    this.latencies = [...this.latencies.slice(-59), performance.now() - this.sentAt];
    this.done = [...this.done.slice(-59), now];
    this.answers++;
    this.showFacts(answer);
    this.next();
  }

  showFacts(answer) {
    const span = (this.done[this.done.length - 1] - this.done[0]) / 1000;
    const rate = span > 0 ? (this.done.length - 1) / span : 0;
    const median = [...this.latencies].sort((a, b) => a - b)[this.latencies.length >> 1];
    byId("facts").textContent = `${answer.people.length} in the picture, ${rate.toFixed(0)} a second, `
      + `${median.toFixed(0)} ms from picture to screen, of which the server ${answer.milliseconds} ms; ${answer.lifter}`;
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

  showRecording(name) {
    const button = byId("record");
    button.setAttribute("aria-pressed", String(Boolean(this.recording)));
    button.textContent = this.recording ? "Stop recording" : "Record";
    if (name) {
      const link = document.createElement("a");
      link.href = `recordings/${encodeURIComponent(name)}`;
      link.textContent = name;
      byId("recorded").replaceChildren(link);
    }
  }

  snapshot() {
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
    if (this.socket) this.socket.close();
    byId("start").textContent = "Start the camera";
    byId("facts").textContent = "The camera is off.";
  }
}

fetch("look.json")
  .then((response) => response.json())
  .then((look) => {
    window.live = new LivePage(look);
    if (asked.get("only") === "3d") window.live.start();
  })
  .catch((error) => problem(`The page could not be shown: ${error.message}`));
