"use strict";
// People over the frame they were seen in: the look of `poselift.drawing.people2d`.

const CASING = [18, 22, 30];

// Shapes of one colour: those of about one opacity are painted in one go, which costs a tenth of
// painting each, and where they overlap they do not darken twice.
class Layer {
  constructor() {
    this.paths = new Map();
  }

  add(alpha, draw) {
    const key = Math.ceil(alpha * 10) / 10;
    if (!this.paths.has(key)) this.paths.set(key, new Path2D());
    draw(this.paths.get(key));
  }

  fill(context, colour) {
    context.fillStyle = colour;
    for (const [alpha, path] of this.paths) {
      context.globalAlpha = alpha;
      context.fill(path);
    }
  }
}

function circle(path, x, y, radius) {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

class Overlay {
  // `extra` names further joints, whose places people may have as `feet`.
  constructor(canvas, look, extra = []) {
    this.canvas = canvas;
    this.look = look;
    this.extra = extra;
  }

  clear() {
    const [width, height] = fitted(this.canvas);
    this.canvas.getContext("2d").clearRect(0, 0, width, height);
  }

  // `people` have id, xy (34 pixels of the picture), score (17), filled, and maybe feet: xy and
  // score of the further joints; `size` is the picture's.
  draw(people, size) {
    const [width, height] = fitted(this.canvas);
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const scale = Math.min(width / size[0], height / size[1]);
    const left = (width - size[0] * scale) / 2, top = (height - size[1] * scale) / 2;
    const onCanvas = (xy) => Array.from({ length: xy.length / 2 }, (_, j) =>
      [left + (xy[2 * j] + 0.5) * scale, top + (xy[2 * j + 1] + 0.5) * scale]);
    const placed = people.map((person) => {
      const points = onCanvas(person.xy);
      const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
      const reach = Math.hypot(
        Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
      return { person, points, soles: person.feet && onCanvas(person.feet.xy), reach };
    });
    placed.sort((a, b) => a.reach - b.reach); // the nearest, who is the largest, comes last
    for (const one of placed) {
      this.person(context, one, Math.min(width, height), Math.max(width, height));
      if (people.length > 1) this.number(context, one);
    }
    context.globalAlpha = 1;
  }

  person(context, { person, points, soles, reach }, short, long) {
    const radius = clamp(reach / 105, short / 480, long / 110), rim = Math.max(radius * 0.35, 0.8);
    const strength = person.filled ? 0.4 : 1, { sides } = this.look;
    const alpha = Array.from(person.score, (score) => opacity(score) * strength);
    const colours = [accent(this.look, person.id), this.look.left, this.look.right].map((one) => css(one));
    const bones = this.look.bones.filter(([a, b]) => Math.min(alpha[a], alpha[b]) > 0);
    const casings = new Layer(), limbs = [0, 1, 2].map(() => new Layer());
    for (const [a, b] of bones) {
      const shown = Math.min(alpha[a], alpha[b]);
      casings.add(0.45 * shown, (path) => capsule(path, ...points[a], radius + rim, ...points[b], radius + rim));
      limbs[sides[b]].add(shown, (path) => capsule(path, ...points[a], radius, ...points[b], radius));
    }
    if (soles) this.feet(person.feet, strength, points, soles, alpha, radius * 0.7, limbs);
    casings.fill(context, css(CASING));
    // The trunk first, so that arms in front of it are not covered.
    limbs.forEach((layer, side) => layer.fill(context, colours[side]));
    const rings = [0, 1, 2].map(() => new Layer()), dots = new Layer();
    points.forEach(([x, y], j) => {
      if (!alpha[j]) return;
      rings[sides[j]].add(alpha[j], (path) => circle(path, x, y, radius * 1.55));
      dots.add(alpha[j], (path) => circle(path, x, y, radius * 0.95));
    });
    rings.forEach((layer, side) => {
      const colour = [accent(this.look, person.id), this.look.left, this.look.right][side];
      layer.fill(context, css(mixed(colour, CASING, 0.25)));
    });
    dots.fill(context, "#fff");
    context.globalAlpha = 1;
  }

  // Ankle to heel to toe, as far as they were seen; thinner than the limbs.
  feet({ score }, strength, points, soles, alpha, radius, limbs) {
    const seen = Array.from(score, (one) => opacity(one) * strength);
    [["left", JOINT.leftAnkle, 1], ["right", JOINT.rightAnkle, 2]].forEach(([name, ankle, side]) => {
      const heel = this.extra.indexOf(`${name} heel`), toe = this.extra.indexOf(`${name} toe`);
      if (heel < 0 || toe < 0) return;
      const ends = [[points[ankle], soles[heel], Math.min(alpha[ankle], seen[heel])],
        [soles[heel], soles[toe], Math.min(seen[heel], seen[toe])]];
      for (const [a, b, shown] of ends) {
        if (shown > 0) limbs[side].add(shown, (path) => capsule(path, ...a, radius, ...b, radius));
      }
    });
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
