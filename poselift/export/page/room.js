"use strict";
// The room in 3D on a plain 2D canvas, with the look and the framing of the MP4's panel.
// The world is z up, in metres; azimuth 0 looks from where the camera filmed.

class Room {
  constructor(canvas, look, theme) {
    this.canvas = canvas;
    this.look = look;
    this.theme = look.themes[theme];
    this.ground = document.createElement("canvas");
    this.shade = document.createElement("canvas");
    this.points = [];
    this.reach = 0.6;
    this.setView("three-quarter");
  }

  setTheme(name) {
    this.theme = this.look.themes[name];
    this.groundKey = "";
  }

  // What must stay in view: [x, y, z] of everybody at all times.
  frame(points) {
    this.points = points;
    this.setView(this.view || "three-quarter");
  }

  setView(name) {
    this.view = name;
    this.fit(this.canvas.clientWidth || 600, this.canvas.clientHeight || 600);
  }

  angles(time) {
    if (this.view === "camera") return [0, 6]; // where nothing is known of it
    if (this.view !== "turntable") return this.look.views[this.view] || [this.azimuth, this.elevation];
    return [(25 + (360 * time) / this.look.turn_seconds) % 360, 14];
  }

  // The closest place from which the view holds all the points; see `drawing.viewpoint`.
  fit(width, height) {
    const low = [1e9, 1e9, 0], high = [-1e9, -1e9, -1e9];
    for (const point of this.points) {
      for (let i = 0; i < 3; i++) {
        low[i] = Math.min(low[i], point[i]);
        high[i] = Math.max(high[i], point[i]);
      }
    }
    if (!this.points.length) [low[0], low[1], high[0], high[1], high[2]] = [0, 0, 0, 0, 1.75];
    [1.3, 1.3].forEach((least, i) => {
      const middle = (low[i] + high[i]) / 2, half = Math.max(high[i] - low[i], least) / 2;
      low[i] = middle - half;
      high[i] = middle + half;
    });
    high[2] = Math.max(high[2], 1.75);
    const middle = [0, 1, 2].map((i) => (low[i] + high[i]) / 2);
    const around = [middle[0], middle[1]];
    let needed = [];
    for (const z of [low[2], high[2]]) {
      needed.push([low[0], around[1], z], [high[0], around[1], z]);
      needed.push([around[0], low[1], z], [around[0], high[1], z]);
    }
    const body = this.look.body;
    for (const p of this.points) {
      for (let i = 0; i < 3; i++) {
        for (const step of [-body, body]) {
          const moved = [...p];
          moved[i] += step;
          needed.push(moved);
        }
      }
    }
    this.target = middle;
    this.reach = this.points.reduce(
      (far, p) => Math.max(far, Math.hypot(p[0] - middle[0], p[1] - middle[1])), 0.6);
    const turns = this.view === "turntable";
    if (turns) {
      needed = needed.flatMap((p) => {
        const far = Math.hypot(p[0] - middle[0], p[1] - middle[1]);
        return [0, 60, 120, 180, 240, 300].map((a) => [
          middle[0] + far * Math.cos((a * Math.PI) / 180),
          middle[1] + far * Math.sin((a * Math.PI) / 180), p[2],
        ]);
      });
    }
    [this.azimuth, this.elevation] = this.angles(0);
    const axes = viewAxes(this.azimuth, this.elevation), focal = this.focal(width, height);
    const side = this.across(needed, axes[0], axes[2], (width * 0.4) / focal);
    const rise = this.across(needed, axes[1], axes[2], (height * 0.38) / focal);
    this.distance = Math.max(side[1], rise[1], 0.5);
    this.offset = [turns ? 0 : side[0], rise[0] + 0.02 * (height / focal) * this.distance];
    this.home = this.distance;
  }

  across(points, axis, forward, half) {
    let right = -1e9, left = -1e9;
    for (const point of points) {
      const seen = minus(point, this.target), x = dot(seen, axis), depth = dot(seen, forward);
      right = Math.max(right, x - half * depth);
      left = Math.max(left, -x - half * depth);
    }
    return [(right - left) / 2, (right + left) / (2 * half)];
  }

  focal(width, height) {
    const half = (this.look.field_of_view * Math.PI) / 360;
    return Math.min(width, height) / 2 / Math.tan(half);
  }

  orbit(right, up) {
    if (this.view) [this.azimuth, this.elevation] = this.angles(this.time || 0);
    this.view = null;
    this.azimuth = (this.azimuth + right) % 360;
    this.elevation = clamp(this.elevation + up, -8, 89);
  }

  zoom(factor) {
    if (this.view === "camera") this.orbit(0, 0);
    this.distance = clamp(this.distance * factor, this.home / 12, this.home * 5);
  }

  pan(right, down) {
    if (this.view === "camera") this.orbit(0, 0);
    const metre = this.distance / this.focal(this.canvas.clientWidth, this.canvas.clientHeight);
    this.offset[0] -= right * metre;
    this.offset[1] -= down * metre;
  }

  camera(width, height, time) {
    if (this.view === "camera" && this.filmed) return this.filming(width, height);
    const [azimuth, elevation] = this.view ? this.angles(time) : [this.azimuth, this.elevation];
    const axes = viewAxes(azimuth, elevation);
    const position = [0, 1, 2].map((i) =>
      this.target[i] + axes[0][i] * this.offset[0] + axes[1][i] * this.offset[1]
      - axes[2][i] * this.distance);
    return {
      axes, position, focal: this.focal(width, height), x: width / 2, y: height / 2, distance: this.distance,
    };
  }

  // The clip's own camera, its whole picture fitted in.
  filming(width, height) {
    const { rotation, position, focal, size, centre } = this.filmed;
    const scale = Math.min(width / size[0], height / size[1]);
    const [x, y] = [width, height].map((side, i) => side / 2 + (centre[i] + 0.5 - size[i] / 2) * scale);
    const distance = Math.max(dot(minus(this.target, position), rotation[2]), 0.5);
    return { axes: rotation, position, focal: focal * scale, x, y, distance };
  }

  // `people` have id, pose (51 metres), alpha (17), scale, and maybe path (points on the floor).
  draw(people, time) {
    const [width, height] = fitted(this.canvas);
    if (!width || !height) return;
    if (this.view && (this.width !== width || this.height !== height)) this.fit(width, height);
    [this.width, this.height, this.time] = [width, height, time];
    const context = this.canvas.getContext("2d"), camera = this.camera(width, height, time);
    if (this.transparent) context.clearRect(0, 0, width, height);
    else this.drawGround(context, camera, width, height);
    for (const person of people) this.drawPath(context, camera, person);
    this.drawShadows(context, camera, people, width, height);
    const pieces = people.flatMap((person) => this.pieces(person, camera));
    pieces.sort((a, b) => b.depth - a.depth);
    for (const piece of pieces) this.paint(context, piece, camera.distance);
    if (people.length < 2) return;
    for (const person of people) {
      const i = 3 * JOINT.head;
      const [x, y, depth] = seen(camera, person.pose[i], person.pose[i + 1], person.pose[i + 2] + 0.2);
      const size = clamp((0.13 * camera.focal) / depth, 10, height / 30 + 10);
      if (depth > 0.1) pill(context, String(person.id), x, y, size, accent(this.look, person.id));
    }
  }

  drawGround(context, camera, width, height) {
    const key = JSON.stringify([camera, this.theme, this.canvas.width, this.canvas.height]);
    if (key !== this.groundKey) {
      this.groundKey = key;
      this.ground.width = this.canvas.width;
      this.ground.height = this.canvas.height;
      const on = this.ground.getContext("2d", { alpha: false });
      on.scale(this.canvas.width / width, this.canvas.height / height);
      this.paintGround(on, camera, width, height);
    }
    context.drawImage(this.ground, 0, 0, width, height);
  }

  paintGround(context, camera, width, height) {
    const sky = context.createLinearGradient(0, 0, 0, height), theme = this.theme;
    sky.addColorStop(0, css(theme.top));
    sky.addColorStop(1, css(theme.bottom));
    context.fillStyle = sky;
    context.fillRect(0, 0, width, height);
    const radius = this.reach * 1.15 + 1.2, rings = 20;
    for (let ring = 0; ring < rings; ring++) {
      const far = 1 - ring / rings, near = smooth(1 - far + 1 / rings), before = smooth(1 - far);
      context.fillStyle = css(theme.floor, (near - before) / Math.max(1 - before, 1e-6));
      this.disc(context, camera, radius * far);
    }
    let step = 0.5;
    while (radius / step > 14) step *= 2;
    const count = Math.ceil(radius / step);
    const centre = [0, 1].map((i) => Math.round(this.target[i] / (2 * step)) * 2 * step);
    context.lineWidth = 1;
    for (let i = -count; i <= count; i++) {
      for (const along of [0, 1]) this.gridLine(context, camera, centre, i, along, step, radius);
    }
  }

  disc(context, camera, radius) {
    context.beginPath();
    for (let i = 0; i < 48; i++) {
      const a = (i * Math.PI) / 24;
      const [x, y] = seen(camera, this.target[0] + radius * Math.cos(a),
        this.target[1] + radius * Math.sin(a), this.look.floor);
      if (i) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    context.fill();
  }

  // A line of the grid, in short pieces that fade with their distance from the middle.
  gridLine(context, camera, centre, number, along, step, radius) {
    const parts = 24, strength = number % 2 ? 0.43 : 1;
    let last = null;
    for (let i = 0; i <= parts; i++) {
      const far = (2 * i / parts - 1) * radius, point = [0, 0, this.look.floor];
      point[along] = centre[along] + far;
      point[1 - along] = centre[1 - along] + number * step;
      const away = Math.hypot(point[0] - this.target[0], point[1] - this.target[1]);
      const now = seen(camera, ...point);
      const fade = Math.min(1, 1.6 * smooth(clamp(1 - away / radius, 0, 1))) * strength;
      if (last && now[2] > 0.2 && last[2] > 0.2 && fade > 0.01) {
        context.strokeStyle = css(this.theme.grid, fade);
        context.beginPath();
        context.moveTo(last[0], last[1]);
        context.lineTo(now[0], now[1]);
        context.stroke();
      }
      last = now;
    }
  }

  // Where a person's pelvis went, on the floor: the whole way faint, up to now clear.
  drawPath(context, camera, person) {
    if (!person.path) return;
    for (const [points, alpha] of [[person.path.all, 0.25], [person.path.past, 0.8]]) {
      context.beginPath();
      let pen = false;
      for (const point of points) {
        const at = point && seen(camera, point[0], point[1], this.look.floor);
        if (!at || at[2] < 0.1) pen = false;
        else if (pen) context.lineTo(at[0], at[1]);
        else {
          context.moveTo(at[0], at[1]);
          pen = true;
        }
      }
      context.strokeStyle = css(accent(this.look, person.id), alpha);
      context.lineWidth = 2;
      context.lineJoin = "round";
      context.stroke();
    }
  }

  // On a small canvas: that costs little, and being enlarged makes them soft.
  drawShadows(context, camera, people, width, height) {
    const { shade } = this, wide = Math.ceil(width / SOFT), high = Math.ceil(height / SOFT);
    if (shade.width !== wide || shade.height !== high) Object.assign(shade, { width: wide, height: high });
    const on = shade.getContext("2d");
    on.setTransform(1, 0, 0, 1, 0, 0);
    on.clearRect(0, 0, wide, high);
    on.scale(1 / SOFT, 1 / SOFT);
    on.lineCap = on.lineJoin = "round";
    const box = [wide, high, 0, 0]; // of all of them, in pixels of the small canvas
    for (const person of people) this.drawShadow(on, camera, person, box);
    const left = Math.max(Math.floor(box[0]), 0), top = Math.max(Math.floor(box[1]), 0);
    const across = Math.min(Math.ceil(box[2]), wide) - left, down = Math.min(Math.ceil(box[3]), high) - top;
    if (across <= 0 || down <= 0) return;
    context.drawImage(shade, left, top, across, down, left * SOFT, top * SOFT, across * SOFT, down * SOFT);
  }

  // The same stroke several times, wider and fainter; darker where the body is low.
  drawShadow(context, camera, person, box) {
    const alpha = person.alpha.reduce((sum, value) => sum + value, 0) / JOINTS;
    for (const low of [false, true]) {
      const bones = this.look.bones.filter(([a, b]) => {
        const height = (person.pose[3 * a + 2] + person.pose[3 * b + 2]) / 2;
        return height < 0.55 === low;
      });
      if (!bones.length) continue;
      context.beginPath();
      let metre = 0;
      for (const [a, b] of bones) {
        const ends = [a, b].map((j) => {
          const [x, y, z] = person.pose.subarray(3 * j, 3 * j + 3), up = Math.max(z, 0);
          return seen(camera, x + 0.16 * up, y + 0.1 * up, this.look.floor);
        });
        metre = camera.focal / ends[0][2];
        for (const [x, y] of ends) {
          const around = 0.2 * metre;
          box[0] = Math.min(box[0], (x - around) / SOFT);
          box[1] = Math.min(box[1], (y - around) / SOFT);
          box[2] = Math.max(box[2], (x + around) / SOFT + 1);
          box[3] = Math.max(box[3], (y + around) / SOFT + 1);
        }
        context.moveTo(ends[0][0], ends[0][1]);
        context.lineTo(ends[1][0], ends[1][1]);
      }
      const dark = this.theme.shadow * alpha * (low ? 0.28 : 0.115);
      context.strokeStyle = `rgba(0,0,0,${dark})`;
      for (const width of [0.13, 0.23, 0.35]) {
        context.lineWidth = width * metre;
        context.stroke();
      }
    }
  }

  pieces({ id, pose, alpha, scale }, camera) {
    const look = this.look, xy = [];
    for (let j = 0; j < JOINTS; j++) xy.push(seen(camera, pose[3 * j], pose[3 * j + 1], pose[3 * j + 2]));
    const joint = (j) => [pose[3 * j], pose[3 * j + 1], pose[3 * j + 2]];
    const up = minus(joint(JOINT.head), joint(JOINT.thorax));
    const unit = times(up, scale / Math.max(length(up), 1e-6));
    const crown = seen(camera, ...minus(joint(JOINT.head), times(unit, look.head_radius)));
    const chin = seen(camera, ...minus(joint(JOINT.head), times(unit, 0.155)));
    const out = [], size = (depth) => (camera.focal / depth) * scale;
    const round = (a, b, ra, rb, strength, colour) => out.push({
      a, b, ra: ra * size(a[2]), rb: rb * size(b[2]), alpha: strength,
      colour: jointColour(look, colour, id), depth: (a[2] + b[2]) / 2,
    });
    for (const [a, b, ra, rb] of look.limbs) {
      round(xy[a], xy[b], ra, rb, Math.min(alpha[a], alpha[b]), b);
    }
    const head = (alpha[JOINT.head] + alpha[JOINT.neck]) / 2;
    round(xy[JOINT.thorax], chin, look.neck_radius, look.neck_radius, head, JOINT.neck);
    round(crown, chin, look.head_radius, 0.8 * look.head_radius, head, JOINT.head);
    out[out.length - 2].depth = Math.max(out[out.length - 2].depth, out[out.length - 1].depth + 0.01);
    for (const [joints, radii] of look.trunk) {
      const balls = joints.map((j, i) => [xy[j][0], xy[j][1], radii[i] * size(xy[j][2])]);
      const points = balls.flatMap(([x, y, r]) => CIRCLE.map(([cos, sin]) => [x + r * cos, y + r * sin]));
      out.push({
        hull: hull(points),
        middle: [0, 1, 2].map((i) => balls.reduce((sum, ball) => sum + ball[i], 0) / balls.length),
        depth: joints.reduce((sum, j) => sum + xy[j][2], 0) / joints.length,
        alpha: joints.reduce((sum, j) => sum + alpha[j], 0) / joints.length,
        colour: accent(look, id),
      });
    }
    return out.filter((piece) => piece.depth > 0.15);
  }

  paint(context, piece, distance) {
    const theme = this.theme, far = (piece.depth - distance) / Math.max(2 * this.reach, 1.5);
    const haze = mixed(theme.top, theme.bottom, 0.5), share = clamp(0.1 + 0.5 * far, 0, 0.4);
    const colour = mixed(piece.colour, haze, share);
    const rim = mixed(mixed(piece.colour, theme.outline, 0.6), haze, share);
    context.globalAlpha = piece.alpha;
    this.outline(context, piece, 1, 1.3);
    context.fillStyle = css(rim);
    // Layers that show through each other would darken: somebody faint is flat.
    if (piece.alpha > 0.97) context.fill();
    const radius = piece.hull ? piece.middle[2] : Math.max(piece.ra, piece.rb);
    // Shades that are less than a pixel apart would not show.
    for (const [size, shade] of radius < 5 ? SHADES_SMALL : radius < 10 ? SHADES_MIDDLE : SHADES) {
      if (piece.alpha <= 0.97 && size < 1) break;
      this.outline(context, piece, size, 0);
      const tone = shade > 0 ? mixed(colour, [255, 255, 255], shade) : mixed(colour, theme.outline, -shade);
      context.fillStyle = css(piece.alpha > 0.97 ? tone : colour);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  // The piece shrunk to `size` towards the light, and grown by `more` pixels.
  outline(context, piece, size, more) {
    context.beginPath();
    const gone = 1 - size;
    if (piece.hull) {
      const [mx, my, mr] = piece.middle, keep = 1 - 0.9 * gone;
      const dx = LIGHT[0] * gone * mr * 0.7, dy = LIGHT[1] * gone * mr * 0.7;
      piece.hull.forEach(([x, y], i) => {
        const share = keep + more / Math.max(Math.hypot(x - mx, y - my), 1);
        const px = mx + (x - mx) * share + dx, py = my + (y - my) * share + dy;
        if (i) context.lineTo(px, py);
        else context.moveTo(px, py);
      });
      context.closePath();
      return;
    }
    const { a, b, ra, rb } = piece, shift = 0.62 * gone;
    capsule(context, a[0] + LIGHT[0] * shift * ra, a[1] + LIGHT[1] * shift * ra, ra * size + more,
      b[0] + LIGHT[0] * shift * rb, b[1] + LIGHT[1] * shift * rb, rb * size + more);
  }
}

const SOFT = 4; // how many times smaller the canvas of the shadows is
const LIGHT = [-0.5, -0.62]; // where the light comes from, in the picture
const SHADES = [[1, -0.28], [0.88, -0.1], [0.72, 0.02], [0.5, 0.14], [0.3, 0.24], [0.15, 0.34]];
const SHADES_MIDDLE = [[1, -0.24], [0.8, -0.04], [0.55, 0.12], [0.28, 0.26]];
const SHADES_SMALL = [[1, -0.2], [0.6, 0.1]];
const CIRCLE = Array.from({ length: 14 }, (_, i) => [
  Math.cos((i * Math.PI) / 7), Math.sin((i * Math.PI) / 7),
]);

function smooth(share) {
  return share * share * (3 - 2 * share);
}

// The camera's right, down and forward for a place around the room, in degrees.
function viewAxes(azimuth, elevation) {
  const a = (azimuth * Math.PI) / 180, e = (elevation * Math.PI) / 180;
  const right = [Math.cos(a), Math.sin(a), 0];
  const forward = [-Math.sin(a) * Math.cos(e), Math.cos(a) * Math.cos(e), -Math.sin(e)];
  return [right, cross(forward, right), forward];
}

// A world point as [x, y, depth]; what lies behind the camera is put just in front of it.
function seen(camera, x, y, z) {
  const dx = x - camera.position[0], dy = y - camera.position[1], dz = z - camera.position[2];
  const [right, down, forward] = camera.axes;
  const depth = Math.max(dx * forward[0] + dy * forward[1] + dz * forward[2], 0.05);
  const scale = camera.focal / depth;
  return [
    camera.x + (dx * right[0] + dy * right[1] + dz * right[2]) * scale,
    camera.y + (dx * down[0] + dy * down[1] + dz * down[2]) * scale,
    depth,
  ];
}

// Mouse, touch and keys that move the camera; `changed` is called after each.
function moveByHand(room, changed) {
  const canvas = room.canvas, fingers = new Map();
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return [(a.x + b.x) / 2, (a.y + b.y) / 2, Math.hypot(a.x - b.x, a.y - b.y)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const pair = fingers.size === 2 && spread();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const right = event.clientX - before.x, down = event.clientY - before.y;
    if (pair) {
      const now = spread();
      room.pan(now[0] - pair[0], now[1] - pair[1]);
      room.zoom(pair[2] / Math.max(now[2], 1));
    } else if (event.buttons > 1 || event.shiftKey) room.pan(right, down);
    else room.orbit(-right * 0.4, down * 0.3);
    changed();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    room.zoom(Math.exp(event.deltaY * 0.0012));
    changed();
  }, { passive: false });
}
