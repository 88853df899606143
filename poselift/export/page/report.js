"use strict";
// The page about one result, or two side by side in step.

const byId = (id) => document.getElementById(id);
const RATES = [0.125, 0.25, 0.5, 0.75, 1, 1.5, 2];

class Side {
  // A result with its panes: the film where there is one, and the room.
  constructor(page, result, letter) {
    Object.assign(this, { page, result, letter });
    const name = letter ? `${letter}: ${result.label}` : result.label;
    this.video = result.video === null || page.only ? null : this.film(result.video, name);
    const canvas = this.pane("room", `${name} in 3D`, "canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `The room of ${name} in 3D; keys a, d, w, s turn it`);
    this.room = new Room(canvas, page.look, document.documentElement.dataset.theme);
    this.room.transparent = document.body.classList.contains("transparent");
    this.room.filmed = result.camera;
    this.room.frame(this.bounds());
    this.paths = result.people.map((person) => this.path(person));
    moveByHand(this.room, () => page.moved(this.room));
    const shown = () => page.shown(this);
    this.player = this.video
      ? new VideoPlayer(this.video, result, shown)
      : new ClockPlayer(result, shown, () => page.ended());
  }

  pane(kind, caption, tag) {
    const figure = document.createElement("figure"), text = document.createElement("figcaption");
    const element = document.createElement(tag);
    figure.className = `pane ${kind === "room" ? "" : "film"}`;
    element.className = kind;
    text.textContent = caption;
    figure.append(element, text);
    byId("stage").append(figure);
    return element;
  }

  film(source, name) {
    const video = this.pane("video", name, "video"), canvas = document.createElement("canvas");
    canvas.className = "overlay";
    video.after(canvas);
    this.overlay = new Overlay(canvas, this.page.look, this.result.extra);
    Object.assign(video, { muted: true, playsInline: true, preload: "auto" });
    video.setAttribute("aria-label", `The clip of ${name}`);
    video.addEventListener("ended", () => this.page.ended());
    video.addEventListener("error", () => this.page.problem(
      source.file
        ? `The clip ${source.file} is missing. Keep it in the same folder as this page.`
        : "This browser cannot play the clip that this page carries (H.264 in MP4)."));
    video.src = source.file ? encodeURI(source.file) : URL.createObjectURL(embedded(source));
    return video;
  }

  bounds() {
    const points = [];
    for (const person of this.result.people) {
      const there = [...person.state.keys()].filter((t) => person.state[t]);
      const step = Math.max(1, Math.floor(there.length / 60));
      for (let i = 0; i < there.length; i += step) {
        for (let j = 0; j < JOINTS; j++) {
          const at = 51 * there[i] + 3 * j;
          points.push([...person.pose3d.subarray(at, at + 3)]);
        }
      }
    }
    return points;
  }

  feetAt({ xy, score }, t) {
    const count = this.result.extra.length;
    return { xy: xy.subarray(2 * count * t, 2 * count * (t + 1)), score: score.subarray(count * t, count * (t + 1)) };
  }

  // Where the pelvis was, every few frames; null where the person was away.
  path(person) {
    const step = Math.max(1, Math.floor(this.result.frames / 500)), points = [];
    for (let t = 0; t < this.result.frames; t += step) {
      points.push(person.state[t] ? [person.pose3d[51 * t], person.pose3d[51 * t + 1]] : null);
    }
    return { step, points };
  }

  draw() {
    const t = this.player.frame, { result, page } = this;
    const there = result.people.filter((person) => person.state[t] && !page.hidden.has(person.id));
    if (this.overlay && page.overlay) {
      this.overlay.draw(there.map((person) => ({
        id: person.id,
        xy: person.pose2d.subarray(34 * t, 34 * t + 34),
        score: person.score.subarray(17 * t, 17 * t + 17),
        filled: person.state[t] === 2,
        feet: person.feet && this.feetAt(person.feet, t),
      })), result.size);
    } else if (this.overlay) this.overlay.clear();
    this.room.draw(there.map((person) => {
      const { step, points } = this.paths[result.people.indexOf(person)];
      const faint = person.state[t] === 2 ? page.look.filled : 1, least = page.look.unseen;
      return {
        id: person.id,
        scale: person.scale,
        pose: person.pose3d.subarray(51 * t, 51 * t + 51),
        alpha: Array.from(person.score.subarray(17 * t, 17 * t + 17),
          (score) => faint * (least + (1 - least) * opacity(score))),
        path: page.paths && result.placed
          ? { all: points, past: points.slice(0, Math.floor(t / step) + 1) } : null,
      };
    }), result.time[t]);
  }
}

// The video's bytes, which lie in the page as blocks of text.
function embedded({ blocks, type }) {
  const parts = blocks.map((id) => {
    const block = byId(id), bytes = bytesOf(block.textContent);
    block.remove(); // a large clip need not be there twice
    return bytes;
  });
  return new Blob(parts, { type });
}

class Page {
  constructor(data, results) {
    this.look = data.look;
    this.only = document.body.classList.contains("only-3d");
    this.hidden = new Set();
    this.overlay = true;
    this.paths = !document.body.classList.contains("transparent"); // there is no floor to be on
    this.loop = null;
    this.views = [...Object.keys(data.look.views), "turntable"];
    if (results.some((result) => result.camera)) this.views.push("camera");
    this.sides = results.map((result, i) => new Side(this, result, results.length > 1 ? "AB"[i] : ""));
    [this.main, this.other] = this.sides;
    byId("stage").classList.toggle("four", byId("stage").children.length > 3);
    this.curves = new Curves(byId("curves"), this.look, (seconds) => this.seek(this.main.result.frameAt(seconds)));
    this.buildControls();
    this.buildPeople();
    this.choosePerson(0);
    const view = new URLSearchParams(location.search).get("view");
    this.setView(this.views.includes(view) ? view : "three-quarter");
    new ResizeObserver(() => this.redraw()).observe(byId("main"));
    this.seek(0);
    if (this.only) { // nobody is there to press anything
      this.setLooping(true);
      this.toggle();
    }
  }

  buildControls() {
    const on = (id, act) => byId(id).addEventListener("click", act);
    const { result } = this.main, slider = byId("slider");
    slider.max = result.frames - 1;
    slider.addEventListener("input", () => this.seek(Number(slider.value)));
    on("play", () => this.toggle());
    on("back", () => this.step(-1));
    on("next", () => this.step(1));
    on("from", () => this.setLoop(this.main.player.heading, null));
    on("to", () => this.setLoop(null, this.main.player.heading));
    on("nearer", () => this.zoom(0.8));
    on("farther", () => this.zoom(1.25));
    on("theme", () => this.setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
    for (const rate of RATES) byId("rate").add(new Option(`${rate}×`, rate, rate === 1, rate === 1));
    byId("rate").addEventListener("change", (event) => this.setRate(Number(event.target.value)));
    for (const view of this.views) byId("view").add(new Option(view, view));
    byId("view").add(new Option("by hand", ""));
    byId("view").addEventListener("change", (event) => event.target.value && this.setView(event.target.value));
    byId("overlay").addEventListener("change", (event) => this.set({ overlay: event.target.checked }));
    byId("paths").addEventListener("change", (event) => this.set({ paths: event.target.checked }));
    byId("loop").addEventListener("change", (event) => this.setLooping(event.target.checked));
    byId("overlay-label").hidden = !this.sides.some((side) => side.video);
    byId("shift-label").hidden = byId("dashed").hidden = !this.other;
    byId("shift").addEventListener("input", () => this.shown(this.main));
    if (this.main.video && result.video.sound) {
      byId("sound").hidden = false;
      on("sound", () => {
        this.main.video.muted = !this.main.video.muted;
        byId("sound").setAttribute("aria-pressed", String(!this.main.video.muted));
        byId("sound").textContent = this.main.video.muted ? "Sound" : "Mute";
      });
    }
    document.addEventListener("keydown", (event) => this.key(event));
    for (const side of ["left", "right"]) byId(`${side}-dot`).style.background = css(this.look[side]);
    const button = (text, act) => {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = text;
      one.addEventListener("click", act);
      byId("downloads").append(one);
    };
    for (const side of this.sides) {
      const { result } = side, mark = side.letter ? ` of ${side.letter}` : "";
      button(`Download CSV${mark}`, () => download(`${result.name}.csv`, csvOf(result)));
      for (const person of result.people) {
        if (!person.state.some(Boolean)) continue;
        const whose = result.people.length > 1 ? ` of person ${person.id}` : "";
        const ending = result.people.length > 1 ? `_${person.id}` : "";
        button(`Download BVH${whose}${mark}`, () =>
          download(`${result.name}${ending}.bvh`, bvhOf(result, person, this.look)));
      }
    }
  }

  buildPeople() {
    const ids = [...new Set(this.sides.flatMap((side) => side.result.ids))].sort((a, b) => a - b);
    for (const id of ids) {
      const label = document.createElement("label"), box = document.createElement("input");
      const dot = document.createElement("i");
      Object.assign(box, { type: "checkbox", checked: true });
      dot.style.background = css(accent(this.look, id));
      box.addEventListener("change", () => {
        if (box.checked) this.hidden.delete(id);
        else this.hidden.add(id);
        this.redraw();
      });
      label.append(box, " ", dot, ` person ${id}`);
      byId("people").append(label);
    }
    byId("people").hidden = ids.length < 2;
    this.main.result.people.forEach((person, i) => byId("person").add(new Option(`person ${person.id}`, i)));
    byId("person-label").hidden = this.main.result.people.length < 2;
    byId("person").addEventListener("change", (event) => this.choosePerson(Number(event.target.value)));
    if (!ids.length) byId("curves").textContent = "Nobody was found in this clip.";
  }

  choosePerson(row) {
    this.row = row;
    const { result } = this.main, person = result.people[row];
    byId("keys").replaceChildren();
    if (!person) return;
    const sets = this.sides
      .map((side) => ({ result: side.result, person: side.result.people[row] }))
      .filter((set) => set.person)
      .map((set) => ({ result: set.result, lines: curvesOf(set.result, set.person) }));
    this.sets = sets;
    this.showCurves();
    for (const t of person.keys) this.addKey(result, person, t);
  }

  addKey(result, person, t) {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    button.type = "button";
    button.append(canvas, `${result.time[t].toFixed(2)} s`);
    button.setAttribute("aria-label", `Key pose at ${result.time[t].toFixed(2)} seconds`);
    button.addEventListener("click", () => this.seek(t));
    byId("keys").append(button);
    const pose = Float32Array.from(person.pose3d.subarray(51 * t, 51 * t + 51));
    const [x, y] = pose, low = Math.min(...pose.filter((_, i) => i % 3 === 2));
    for (let j = 0; j < JOINTS; j++) {
      [x, y, low].forEach((value, i) => (pose[3 * j + i] -= value));
    }
    const room = new Room(canvas, this.look, document.documentElement.dataset.theme);
    room.frame(Array.from({ length: JOINTS }, (_, j) => [...pose.subarray(3 * j, 3 * j + 3)]));
    room.draw([{ id: person.id, scale: person.scale, pose, alpha: new Array(JOINTS).fill(1) }], 0);
  }

  showCurves() {
    if (!this.sets) return;
    const { time, frames, fps, people } = this.main.result;
    const loop = this.loop && this.loop.map((frame) => time[frame]);
    this.curves.show(this.sets, time[frames - 1] || 1 / fps, loop, `person ${people[this.row].id}`);
    this.drawCurves();
  }

  drawCurves() {
    if (this.sets) this.curves.draw(this.main.result.time[this.main.player.frame]);
  }

  // A side shows another frame: everything that hangs on it follows.
  shown(side) {
    side.draw();
    if (side !== this.main) {
      if (side.video && this.main.player.playing && this.wanted !== undefined) this.balance(this.wanted);
      return;
    }
    const { frame } = side.player, { result } = side, slider = byId("slider");
    if (this.other) this.follow(result.time[frame]);
    if (document.activeElement !== slider || side.player.playing) slider.value = frame;
    const clock = `${result.time[frame].toFixed(2)} s`;
    slider.setAttribute("aria-valuetext", `frame ${frame}, ${clock}`);
    byId("clock").textContent = `frame ${frame} of ${result.frames - 1}, ${clock}`;
    this.drawCurves();
    if (this.loop && side.player.playing && frame >= this.loop[1]) this.seek(this.loop[0]);
  }

  // B shows what it showed at the same moment, shifted by hand.
  follow(seconds) {
    const { player, result, video } = this.other;
    const shift = (Number(byId("shift").value) || 0) / result.fps;
    const frame = result.frameAt(clamp(seconds + shift, 0, result.time[result.frames - 1]));
    if (video && this.main.player.playing) {
      this.balance(frame);
      if (!player.playing && frame < result.frames - 1) player.play().catch((error) => this.problem(error.message));
      return;
    }
    if (player.heading !== frame) player.seek(frame);
    else this.other.draw();
    player.pause();
  }

  // Two films play in step: whichever is ahead waits for the other.
  balance(wanted) {
    const { player, result, video } = this.other, { main } = this;
    this.wanted = wanted;
    if (video.seeking || (main.video && main.video.seeking)) return;
    const late = wanted - player.frame;
    if (Math.abs(late) > result.fps) player.seek(wanted); // one of them was sent elsewhere
    main.player.hold(late > 1);
    player.hold(late < -1);
  }

  toggle() {
    const { player, result } = this.main;
    if (player.playing) {
      player.pause();
      if (this.other) this.follow(result.time[player.frame]);
    } else {
      const [first, last] = this.loop || [0, result.frames - 1];
      if (player.frame >= last || player.frame < first) player.seek(first);
      player.play().catch((error) => this.problem(`The clip does not play: ${error.message}`));
    }
    this.showPlaying();
  }

  showPlaying() {
    const { playing } = this.main.player;
    byId("play").textContent = playing ? "❚❚" : "▶";
    byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  ended() {
    if (this.loop) {
      this.seek(this.loop[0]);
      this.main.player.play().catch((error) => this.problem(error.message));
    }
    this.showPlaying();
  }

  seek(frame) {
    this.main.player.seek(frame);
  }

  step(by) {
    const { player } = this.main;
    if (player.playing) this.toggle();
    player.seek(player.heading + by);
  }

  setLoop(first, last) {
    const end = this.main.result.frames - 1, [a, b] = this.loop || [0, end];
    this.loop = [first ?? a, last ?? b];
    if (this.loop[0] >= this.loop[1]) this.loop = first === null ? [0, last] : [first, end];
    byId("loop").checked = true;
    this.showCurves();
  }

  setLooping(on) {
    this.loop = on ? [0, this.main.result.frames - 1] : null;
    byId("loop").checked = on;
    this.showCurves();
  }

  setRate(rate) {
    for (const side of this.sides) side.player.rate = rate;
    byId("rate").value = rate;
  }

  setView(name) {
    for (const { room } of this.sides) room.setView(name);
    byId("view").value = name;
    this.redraw();
  }

  // A room was moved by hand: the other one goes with it.
  moved(room) {
    for (const side of this.sides) {
      const { azimuth, elevation, view } = room;
      if (side.room !== room) Object.assign(side.room, { azimuth, elevation, view });
    }
    byId("view").value = room.view || "";
    this.redraw();
  }

  turn(right, up) {
    this.main.room.orbit(right, up);
    this.moved(this.main.room);
  }

  zoom(factor) {
    for (const { room } of this.sides) room.zoom(factor);
    this.redraw();
  }

  setTheme(name) {
    document.documentElement.dataset.theme = name;
    for (const { room } of this.sides) room.setTheme(name);
    this.choosePerson(this.row || 0);
    this.redraw();
  }

  set(change) {
    Object.assign(this, change);
    byId("overlay").checked = this.overlay;
    byId("paths").checked = this.paths;
    this.redraw();
  }

  redraw() {
    for (const side of this.sides) side.draw();
    this.drawCurves();
  }

  problem(text) {
    byId("problem").textContent = text;
    byId("problem").hidden = false;
  }

  key(event) {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("select, input[type=number]")) return;
    const { key } = event, last = this.main.result.frames - 1, ten = event.shiftKey ? 10 : 1;
    const rates = RATES.map(String), rate = rates.indexOf(byId("rate").value);
    const acts = {
      ArrowLeft: () => this.step(-ten),
      ArrowRight: () => this.step(ten),
      Home: () => this.seek(0),
      End: () => this.seek(last),
      "[": () => this.setLoop(this.main.player.heading, null),
      "]": () => this.setLoop(null, this.main.player.heading),
      l: () => this.setLooping(!this.loop),
      "<": () => this.setRate(RATES[Math.max(rate - 1, 0)]),
      ">": () => this.setRate(RATES[Math.min(rate + 1, RATES.length - 1)]),
      v: () => this.setView(this.views[(this.views.indexOf(this.main.room.view) + 1) % this.views.length]),
      0: () => this.setView(this.main.room.view || "three-quarter"),
      a: () => this.turn(-6, 0),
      d: () => this.turn(6, 0),
      w: () => this.turn(0, 4),
      s: () => this.turn(0, -4),
      "+": () => this.zoom(0.85),
      "-": () => this.zoom(1.18),
      o: () => this.set({ overlay: !this.overlay }),
      p: () => this.set({ paths: !this.paths }),
      t: () => byId("theme").click(),
    };
    this.views.forEach((view, i) => (acts[i + 1] = () => this.setView(view)));
    // A focused button or box answers to the space key itself.
    if (!target.matches("button, input[type=checkbox], summary")) acts[" "] = () => this.toggle();
    const act = acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

async function start() {
  const asked = new URLSearchParams(location.search);
  document.body.classList.toggle("only-3d", asked.get("only") === "3d");
  document.body.classList.toggle("transparent", asked.get("background") === "transparent");
  document.documentElement.dataset.theme =
    matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const data = JSON.parse(byId("data").textContent);
  const results = [];
  for (const one of data.results) results.push(new Result(one, await inflate(one.packed)));
  window.poselift = new Page(data, results);
}

start().catch((error) => {
  byId("problem").textContent = `This page could not be shown: ${error.message}`;
  byId("problem").hidden = false;
});
