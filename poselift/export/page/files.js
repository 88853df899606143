"use strict";
// The numbers that the page carries as files: CSV, and BVH by the rig of `poselift.export.rig`.

function csvOf(result) {
  const rows = [["time", "person", "joint", "x", "y", "z", "u", "v", "score",
    ...ANGLES.map((name) => `${name}_deg`)].join(",")];
  const blank = ANGLES.map(() => "").join(",");
  for (let t = 0; t < result.frames; t++) {
    for (const person of result.people) {
      if (!person.state[t]) continue;
      const time = (result.start + result.time[t]).toFixed(6);
      for (let j = 0; j < JOINTS; j++) {
        const at = 51 * t + 3 * j, xy = 34 * t + 2 * j;
        const angles = j ? blank
          : jointAngles(person.pose3d, 51 * t).map((value) => value.toFixed(1)).join(",");
        rows.push([time, person.id, result.joints[j],
          ...[0, 1, 2].map((i) => person.pose3d[at + i].toFixed(3)),
          ...[0, 1].map((i) => person.pose2d[xy + i].toFixed(1)),
          person.score[17 * t + j].toFixed(2), angles].join(","));
      }
      result.extra.forEach((name, e) => { // heels and toes have no place in 3D
        const { xy, score } = person.feet, at = result.extra.length * t + e;
        const place = [0, 1].map((i) => (score[at] ? xy[2 * at + i].toFixed(1) : ""));
        rows.push([time, person.id, name, "", "", "", ...place, score[at].toFixed(2), blank].join(","));
      });
    }
  }
  return rows.join("\n") + "\n";
}

function bvhOf(result, person, look) {
  const poses = evenly(result, gapless(result, person)).map(yUp);
  const nodes = look.rig.map(([name, parent, at, to, rest, order]) => ({ name, parent, at, to, rest, order }));
  const lengths = boneLengths(poses, look);
  const lengthOf = (a, b) => lengths[`${a} ${b}`];
  const byName = Object.fromEntries(nodes.map((node) => [node.name, node]));
  for (const node of nodes) {
    const parent = byName[node.parent];
    if (!parent || parent.at === node.at) node.offset = [0, 0, 0];
    else if (node.name.endsWith("UpLeg")) {
      node.offset = times([node.name.startsWith("Left") ? 1 : -1, 0, 0], lengthOf(parent.at, node.at));
    } else node.offset = times(parent.rest, lengthOf(parent.at, node.at));
    if (node.name.endsWith("Hand")) node.end = times(node.rest, look.hand);
    if (node.name.endsWith("Foot")) node.end = [0, 0, look.foot];
    if (node.name === "Head") node.end = times(node.rest, lengthOf(JOINT.neck, JOINT.head));
    node.children = nodes.filter((other) => other.parent === node.name);
  }
  const frames = eulerFrames(poses, nodes, byName);
  const number = (value) => value.toFixed(6).replace(/^-(0\.0+)$/, "$1");
  const order = [], lines = ["HIERARCHY"];
  const write = (node, tabs) => {
    order.push(nodes.indexOf(node));
    const turns = [...node.order].map((axis) => `${axis}rotation`).join(" ");
    lines.push(`${tabs}${node.parent ? "JOINT" : "ROOT"} ${node.name}`, `${tabs}{`,
      `${tabs}\tOFFSET ${node.offset.map(number).join(" ")}`,
      `${tabs}\tCHANNELS ${node.parent ? 3 : "6 Xposition Yposition Zposition"} ${turns}`);
    node.children.forEach((child) => write(child, `${tabs}\t`));
    if (node.end) {
      lines.push(`${tabs}\tEnd Site`, `${tabs}\t{`,
        `${tabs}\t\tOFFSET ${node.end.map(number).join(" ")}`, `${tabs}\t}`);
    }
    lines.push(`${tabs}}`);
  };
  write(nodes[0], "");
  lines.push("MOTION", `Frames: ${poses.length}`, `Frame Time: ${(1 / result.fps).toFixed(8)}`);
  poses.forEach((pose, t) => {
    const turns = order.flatMap((i) => frames[t][i].map((angle) => angle.toFixed(3)));
    lines.push([...pose[0].map(number), ...turns].join(" "));
  });
  return lines.join("\n") + "\n";
}

// Poses as lists of joints; straight from where the person left to where they come back.
function gapless(result, person) {
  const there = [...person.state.keys()].filter((t) => person.state[t]);
  const pose = (t) => Array.from({ length: JOINTS }, (_, j) =>
    [...person.pose3d.subarray(51 * t + 3 * j, 51 * t + 3 * j + 3)]);
  let next = 0;
  return Array.from(result.time, (time, t) => {
    while (next < there.length && there[next] < t) next++;
    if (person.state[t]) return pose(t);
    const [a, b] = [there[Math.max(next - 1, 0)], there[Math.min(next, there.length - 1)]];
    const share = a === b ? 0 : (time - result.time[a]) / (result.time[b] - result.time[a]);
    return between2(pose(a), pose(b), share);
  });
}

function between2(one, other, share) {
  return one.map((joint, j) => plus(times(joint, 1 - share), times(other[j], share)));
}

// BVH has one rate and no clock: poses at the mean rate, where a frame is a quarter period off.
function evenly(result, poses) {
  const even = poses.every((_, t) => Math.abs(result.time[t] - t / result.fps) <= 0.25 / result.fps);
  if (even) return poses;
  const last = result.time[result.frames - 1], count = Math.round(last * result.fps) + 1;
  return Array.from({ length: count }, (_, i) => {
    const at = Math.min(i / result.fps, last);
    const t = result.frameDuring(at);
    if (t + 1 >= result.frames) return poses[t];
    return between2(poses[t], poses[t + 1], (at - result.time[t]) / (result.time[t + 1] - result.time[t]));
  });
}

function yUp(pose) {
  return pose.map(([x, y, z]) => [x, z, -y]);
}

// Median over time, then the mean of both sides.
function boneLengths(poses, look) {
  const median = (a, b) => {
    const all = Float64Array.from(poses, (pose) => length(minus(pose[b], pose[a]))).sort();
    const half = all.length >> 1;
    return all.length % 2 ? all[half] : (all[half - 1] + all[half]) / 2;
  };
  return Object.fromEntries(look.bones.map(([a, b]) => [
    `${a} ${b}`, (median(a, b) + median(look.mirror[a], look.mirror[b])) / 2,
  ]));
}

// Matrices as three columns.
function framed(left, up, first) {
  let x = left, y = up;
  if (!first) {
    x = unit(x);
    y = x && unit(minus(y, times(x, dot(x, y))));
  } else {
    y = unit(y);
    x = y && unit(minus(x, times(y, dot(x, y))));
  }
  return x && y && [x, y, cross(x, y)];
}

function unit(vector) {
  const size = length(vector);
  return size > 1e-6 ? times(vector, 1 / size) : null;
}

const turned = (m, v) => plus(plus(times(m[0], v[0]), times(m[1], v[1])), times(m[2], v[2]));
const inside = (m, n) => n.map((column) => m.map((axis) => dot(axis, column))); // m^T n

// `parent` turned by the least that brings its `rest` onto `direction`.
function swung(parent, rest, direction) {
  const before = turned(parent, rest), aim = unit(direction) || before;
  const axis = cross(before, aim), cosine = dot(before, aim);
  if (cosine < -1 + 1e-7) {
    const across = turned(parent, [rest[2], rest[0], rest[1]]);
    return parent.map((column) => minus(times(across, 2 * dot(across, column)), column));
  }
  return parent.map((column) => {
    const once = cross(axis, column);
    return plus(plus(column, once), times(cross(axis, once), 1 / (1 + cosine)));
  });
}

function eulerFrames(poses, nodes, byName) {
  const held = {}, last = nodes.map(() => null);
  const hold = (name, m) => (held[name] = m || held[name] || [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
  return poses.map((pose) => {
    const line = (a, b) => minus(pose[b], pose[a]), world = {};
    return nodes.map((node, i) => {
      const parent = world[node.parent];
      if (node.name === "Hips") {
        world.Hips = hold("Hips", framed(line(JOINT.rightHip, JOINT.leftHip), line(JOINT.pelvis, JOINT.spine), 0));
      } else if (node.name === "Spine") {
        world.Spine = hold("Spine",
          framed(line(JOINT.rightShoulder, JOINT.leftShoulder), line(JOINT.spine, JOINT.thorax), 1));
      } else world[node.name] = node.to === null ? parent : swung(parent, node.rest, line(node.at, node.to));
      const local = parent ? inside(parent, world[node.name]) : world[node.name];
      last[i] = nearest(euler(local, node.order), last[i]);
      return last[i];
    });
  });
}

// Intrinsic angles in degrees of a matrix of columns.
function euler(m, order) {
  const [i, j, k] = [...order].map((axis) => "XYZ".indexOf(axis));
  const sign = (j - i + 3) % 3 === 1 ? 1 : -1, at = (row, column) => m[column][row];
  return [
    Math.atan2(-sign * at(j, k), at(k, k)), Math.asin(clamp(sign * at(i, k), -1, 1)),
    Math.atan2(-sign * at(i, j), at(i, i)),
  ].map(degrees);
}

// Of all angles that mean the same rotation those nearest to the frame before.
function nearest(angles, before) {
  if (!before) return angles;
  const choices = [angles, [angles[0] + 180, 180 - angles[1], angles[2] + 180]].map((choice) =>
    choice.map((value, i) => value + 360 * Math.round((before[i] - value) / 360)));
  const far = choices.map((choice) => choice.reduce((sum, v, i) => sum + Math.abs(v - before[i]), 0));
  return far[1] < far[0] ? choices[1] : choices[0];
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
