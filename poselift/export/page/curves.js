"use strict";
// Curves over time of one person, drawn by hand: a cursor that can be dragged, values beside it.

const CHARTS = [
  { title: "Knees", unit: "°", lines: [["left", "left_knee"], ["right", "right_knee"]] },
  { title: "Hips", unit: "°", lines: [["left", "left_hip"], ["right", "right_hip"]] },
  { title: "Elbows", unit: "°", lines: [["left", "left_elbow"], ["right", "right_elbow"]] },
  { title: "Shoulders", unit: "°", lines: [["left", "left_shoulder"], ["right", "right_shoulder"]] },
  { title: "Trunk from the vertical", unit: "°", lines: [["middle", "trunk"]] },
  {
    title: "Height above the floor", unit: " m",
    lines: [["middle", "head height"], ["second", "pelvis height"],
      ["left", "left ankle height"], ["right", "right ankle height"]],
  },
  {
    title: "Speed", unit: " m/s",
    lines: [["second", "pelvis speed"], ["left", "left wrist speed"], ["right", "right wrist speed"]],
  },
];

// Every line of the charts for one person, NaN where the person is away.
function curvesOf(result, person) {
  const T = result.frames, out = {};
  const make = (name) => (out[name] = new Float32Array(T).fill(NaN));
  const angles = ANGLES.map(make);
  const heights = [["head", "head"], ["pelvis", "pelvis"], ["leftAnkle", "left ankle"],
    ["rightAnkle", "right ankle"]].map(([joint, name]) => [JOINT[joint], make(`${name} height`)]);
  const speeds = [["pelvis", "pelvis"], ["leftWrist", "left wrist"], ["rightWrist", "right wrist"]]
    .map(([joint, name]) => [JOINT[joint], make(`${name} speed`)]);
  for (let t = 0; t < T; t++) {
    if (!person.state[t]) continue;
    jointAngles(person.pose3d, 51 * t).forEach((value, i) => (angles[i][t] = value));
    for (const [joint, line] of heights) line[t] = person.pose3d[51 * t + 3 * joint + 2];
    // Over five frames, as a difference of neighbours is mostly noise.
    const from = Math.max(t - 2, 0), to = Math.min(t + 2, T - 1), span = result.time[to] - result.time[from];
    if (!person.state[from] || !person.state[to] || span <= 0) continue;
    for (const [joint, line] of speeds) {
      const at = (frame) => person.pose3d.subarray(51 * frame + 3 * joint, 51 * frame + 3 * joint + 3);
      line[t] = length(minus(at(to), at(from))) / span;
    }
  }
  return out;
}

class Curves {
  // `seek` is called with the seconds of a place that was clicked.
  constructor(element, look, seek) {
    this.look = look;
    this.seek = seek;
    this.charts = CHARTS.map((chart) => {
      const figure = document.createElement("figure"), caption = document.createElement("figcaption");
      const canvas = document.createElement("canvas"), title = document.createElement("b");
      const values = document.createElement("span");
      title.textContent = chart.title;
      caption.append(title, values);
      figure.append(caption, canvas);
      element.append(figure);
      const one = { ...chart, canvas, values, still: document.createElement("canvas") };
      const at = (event) => {
        const box = canvas.getBoundingClientRect();
        const share = clamp((event.clientX - box.left - LEFT_EDGE) / (box.width - LEFT_EDGE), 0, 1);
        this.seek(share * this.span);
      };
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        at(event);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (canvas.hasPointerCapture(event.pointerId)) at(event);
      });
      return one;
    });
  }

  // `sets`: [{time, lines}], the first drawn whole, a second dashed; `loop`: seconds or null.
  show(sets, span, loop, name) {
    Object.assign(this, { sets, span, loop });
    for (const chart of this.charts) {
      chart.canvas.setAttribute("role", "img");
      chart.canvas.setAttribute("aria-label", `${chart.title} of ${name} over time; click to go there`);
      chart.key = "";
    }
  }

  colour(which) {
    const style = getComputedStyle(document.documentElement);
    if (which === "left") return css(this.look.left);
    if (which === "right") return css(this.look.right);
    return style.getPropertyValue(which === "middle" ? "--text" : "--green");
  }

  draw(seconds) {
    for (const chart of this.charts) {
      const [width, height] = fitted(chart.canvas);
      if (!width) continue;
      const key = `${chart.canvas.width} ${chart.canvas.height} ${document.documentElement.dataset.theme}`;
      if (chart.key !== key) {
        chart.key = key;
        this.drawStill(chart, width, height);
      }
      const context = chart.canvas.getContext("2d");
      context.clearRect(0, 0, width, height);
      context.drawImage(chart.still, 0, 0, width, height);
      const x = LEFT_EDGE + (clamp(seconds / this.span, 0, 1) || 0) * (width - LEFT_EDGE - 1);
      context.fillStyle = this.colour("middle");
      context.fillRect(x, 0, 1, height - BOTTOM_EDGE);
      chart.values.textContent = this.valuesAt(chart, seconds);
    }
  }

  valuesAt(chart, seconds) {
    const { result, lines } = this.sets[0], frame = result.frameAt(seconds);
    const digits = chart.unit === "°" ? 0 : 2;
    return chart.lines.map(([, name]) => {
      const value = lines[name][frame], short = name.replace(/_.*| height| speed/, "");
      return `${short} ${Number.isFinite(value) ? value.toFixed(digits) + chart.unit : "–"}`;
    }).join("  ");
  }

  drawStill(chart, width, height) {
    const still = chart.still, context = still.getContext("2d");
    still.width = chart.canvas.width;
    still.height = chart.canvas.height;
    context.scale(still.width / width, still.height / height);
    let low = Infinity, high = -Infinity;
    for (const { lines } of this.sets) {
      for (const [, name] of chart.lines) {
        for (const value of lines[name]) {
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
    }
    if (low > high) [low, high] = [0, 1];
    const step = niceStep((high - low) / 3 || 1);
    low = Math.floor(low / step) * step;
    high = Math.max(Math.ceil(high / step) * step, low + step);
    const bottom = height - BOTTOM_EDGE;
    const x = (seconds) => LEFT_EDGE + (seconds / this.span) * (width - LEFT_EDGE - 1);
    const y = (value) => 4 + ((high - value) / (high - low)) * (bottom - 5);
    const style = getComputedStyle(document.documentElement);
    if (this.loop) {
      context.fillStyle = style.getPropertyValue("--loop");
      context.fillRect(x(this.loop[0]), 0, Math.max(x(this.loop[1]) - x(this.loop[0]), 1), bottom);
    }
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = style.getPropertyValue("--dim");
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (let value = low; value <= high + step / 2; value += step) {
      context.fillRect(LEFT_EDGE, Math.round(y(value)), width, 0.4);
      context.fillText(String(Math.round(value * 100) / 100), LEFT_EDGE - 4, clamp(y(value), 6, bottom - 3));
    }
    context.textBaseline = "alphabetic";
    const second = niceStep(this.span / (width / 90) || 1);
    for (let at = 0; at <= this.span; at += second) {
      context.textAlign = at ? "center" : "left";
      if (x(at) < width - 14) context.fillText(`${Math.round(at * 100) / 100} s`, x(at), height - 3);
    }
    this.sets.forEach((set, i) => {
      context.setLineDash(i ? [4, 3] : []);
      context.globalAlpha = i ? 0.75 : 1;
      for (const [which, name] of chart.lines) {
        this.line(context, set.result.time, set.lines[name], x, y, this.colour(which));
      }
    });
  }

  line(context, time, values, x, y, colour) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.6;
    context.lineJoin = "round";
    context.beginPath();
    for (let t = 0; t < values.length; t++) {
      if (!Number.isFinite(values[t])) continue;
      const before = t && Number.isFinite(values[t - 1]);
      const after = t + 1 < values.length && Number.isFinite(values[t + 1]);
      if (before) context.lineTo(x(time[t]), y(values[t]));
      else if (after) context.moveTo(x(time[t]), y(values[t]));
      else context.fillRect(x(time[t]) - 1.5, y(values[t]) - 1.5, 3, 3); // alone in its frame
    }
    context.stroke();
  }
}

const LEFT_EDGE = 34, BOTTOM_EDGE = 16;

function niceStep(about) {
  const power = 10 ** Math.floor(Math.log10(about));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= about * 0.999);
}
