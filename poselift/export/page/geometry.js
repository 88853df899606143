"use strict";
// Vectors of three numbers, and the angles that the curves show.

const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0],
];
const times = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
const plus = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const length = (a) => Math.hypot(a[0], a[1], a[2]);
const degrees = (radians) => (radians * 180) / Math.PI;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const JOINT = {
  pelvis: 0, rightHip: 1, rightKnee: 2, rightAnkle: 3, leftHip: 4, leftKnee: 5, leftAnkle: 6,
  spine: 7, thorax: 8, neck: 9, head: 10, leftShoulder: 11, leftElbow: 12, leftWrist: 13,
  rightShoulder: 14, rightElbow: 15, rightWrist: 16,
};

function between(a, b) {
  return degrees(Math.atan2(length(cross(a, b)), dot(a, b)));
}

// The angles of one frame, in degrees, as `poselift.angles` defines and orders them.
const ANGLES = [
  "right_knee", "left_knee", "right_hip", "left_hip", "right_elbow", "left_elbow",
  "right_shoulder", "left_shoulder", "trunk",
];

function jointAngles(pose, at) {
  const joint = (name) => {
    const i = at + 3 * JOINT[name];
    return [pose[i], pose[i + 1], pose[i + 2]];
  };
  const down = minus(joint("pelvis"), joint("thorax"));
  const out = { trunk: between(times(down, -1), [0, 0, 1]) };
  for (const side of ["right", "left"]) {
    const hip = joint(`${side}Hip`), knee = joint(`${side}Knee`);
    const shoulder = joint(`${side}Shoulder`), elbow = joint(`${side}Elbow`);
    const thigh = minus(knee, hip), shank = minus(joint(`${side}Ankle`), knee);
    const arm = minus(elbow, shoulder), forearm = minus(joint(`${side}Wrist`), elbow);
    out[`${side}_knee`] = between(thigh, shank);
    out[`${side}_hip`] = between(down, thigh);
    out[`${side}_elbow`] = between(arm, forearm);
    out[`${side}_shoulder`] = between(down, arm);
  }
  return ANGLES.map((name) => out[name]);
}
