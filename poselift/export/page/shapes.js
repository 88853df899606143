"use strict";
// What people are painted with, in 2D and in 3D.

function mixed(a, b, share) {
  return a.map((value, i) => Math.round(value + (b[i] - value) * share));
}

function css(colour, alpha = 1) {
  return `rgba(${colour[0]},${colour[1]},${colour[2]},${alpha})`;
}

// How opaque a joint of some score is: 0 up to 0.1, 1 from 0.5 on.
function opacity(score) {
  return clamp((score - 0.1) / 0.4, 0, 1);
}

// Adds the outline of two circles and all between them to the current path.
function capsule(context, ax, ay, ra, bx, by, rb) {
  const distance = Math.hypot(bx - ax, by - ay);
  if (distance <= Math.abs(ra - rb) + 1e-6) {
    const larger = ra > rb;
    const x = larger ? ax : bx, y = larger ? ay : by, radius = Math.max(ra, rb);
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  const angle = Math.atan2(by - ay, bx - ax), turn = Math.acos((ra - rb) / distance);
  context.moveTo(ax + ra * Math.cos(angle + turn), ay + ra * Math.sin(angle + turn));
  context.arc(ax, ay, ra, angle + turn, angle - turn + 2 * Math.PI);
  context.arc(bx, by, rb, angle - turn, angle + turn);
  context.closePath();
}

// The convex hull of points [x, y], in order.
function hull(points) {
  const sorted = points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list) => {
    const out = [];
    for (const point of list) {
      while (out.length > 1) {
        const [a, b] = [out[out.length - 2], out[out.length - 1]];
        if ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0) break;
        out.pop();
      }
      out.push(point);
    }
    out.pop();
    return out;
  };
  return [...half(sorted), ...half([...sorted].reverse())];
}

// A person's number on a pill of their colour.
function pill(context, text, x, y, size, colour) {
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + size, height = size * 1.5;
  context.beginPath();
  context.roundRect(x - width / 2, y - height / 2, width, height, height / 2);
  context.fillStyle = css(colour);
  context.fill();
  const light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
  context.fillStyle = light > 150 ? "#141a24" : "#fff";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y + size * 0.06);
}

// Keeps a canvas as sharp as the screen; its width and height in CSS pixels.
function fitted(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  return [width, height];
}
