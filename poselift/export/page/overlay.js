"use strict";
// People over the frame they were seen in: the look of `poselift.drawing.people2d`.

const CASING = [18, 22, 30];

class Overlay {
  constructor(canvas, look) {
    this.canvas = canvas;
    this.look = look;
  }

  clear() {
    const [width, height] = fitted(this.canvas);
    this.canvas.getContext("2d").clearRect(0, 0, width, height);
  }

  // `people` have id, xy (34 pixels of the picture), score (17) and filled; `size` is the picture's.
  draw(people, size) {
    const [width, height] = fitted(this.canvas);
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const scale = Math.min(width / size[0], height / size[1]);
    const left = (width - size[0] * scale) / 2, top = (height - size[1] * scale) / 2;
    const placed = people.map((person) => {
      const points = [];
      for (let j = 0; j < JOINTS; j++) {
        points.push([
          left + (person.xy[2 * j] + 0.5) * scale, top + (person.xy[2 * j + 1] + 0.5) * scale,
        ]);
      }
      const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
      const reach = Math.hypot(
        Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
      return { person, points, reach };
    });
    placed.sort((a, b) => a.reach - b.reach); // the nearest, who is the largest, comes last
    for (const one of placed) {
      this.person(context, one, Math.min(width, height), Math.max(width, height));
      if (people.length > 1) this.number(context, one);
    }
    context.globalAlpha = 1;
  }

  person(context, { person, points, reach }, short, long) {
    const radius = clamp(reach / 105, short / 480, long / 110);
    const strength = person.filled ? 0.4 : 1;
    const alpha = Array.from(person.score, (score) => opacity(score) * strength);
    const bones = this.look.bones.filter(([a, b]) => Math.min(alpha[a], alpha[b]) > 0);
    const rim = Math.max(radius * 0.35, 0.8);
    for (const [a, b] of bones) {
      this.limb(context, points[a], points[b], radius + rim, CASING,
        0.45 * Math.min(alpha[a], alpha[b]));
    }
    const ofTrunk = (bone) => (this.look.sides[bone[1]] ? 1 : 0);
    for (const [a, b] of [...bones].sort((one, other) => ofTrunk(one) - ofTrunk(other))) {
      this.limb(context, points[a], points[b], radius, jointColour(this.look, b, person.id),
        Math.min(alpha[a], alpha[b]));
    }
    points.forEach(([x, y], j) => {
      if (!alpha[j]) return;
      context.globalAlpha = alpha[j];
      for (const [size, colour] of [
        [1.55, css(mixed(jointColour(this.look, j, person.id), CASING, 0.25))], [0.95, "#fff"],
      ]) {
        context.beginPath();
        context.arc(x, y, radius * size, 0, 2 * Math.PI);
        context.fillStyle = colour;
        context.fill();
      }
    });
    context.globalAlpha = 1;
  }

  limb(context, a, b, radius, colour, alpha) {
    context.globalAlpha = alpha;
    context.beginPath();
    capsule(context, a[0], a[1], radius, b[0], b[1], radius);
    context.fillStyle = css(colour);
    context.fill();
  }

  number(context, { person, points, reach }) {
    const seen = points.filter((_, j) => opacity(person.score[j]) > 0);
    if (!seen.length) return;
    const top = seen.reduce((best, point) => (point[1] < best[1] ? point : best));
    const size = clamp(reach / 14, 11, 20);
    pill(context, String(person.id), top[0], Math.max(top[1] - size * 1.9, size * 1.1), size,
      accent(this.look, person.id));
  }
}

function accent(look, id) {
  return look.accents[(((id - 1) % look.accents.length) + look.accents.length) % look.accents.length];
}

function jointColour(look, joint, id) {
  return [accent(look, id), look.left, look.right][look.sides[joint]];
}
