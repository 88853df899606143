"use strict";
// The numbers of one result, unpacked: P people over T frames, in H36M-17.
// Poses are packed as whole units (see `page_data.py`), as steps from frame to frame, deflated.

const JOINTS = 17;

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64); // many times as fast
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function inflate(base64) {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Packed {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  // Steps of `count` series of `length` numbers, low bytes before high ones; their running sums.
  series(count, length) {
    const size = count * length, low = this.at, high = this.at + size;
    const values = new Int16Array(size);
    for (let row = 0; row < count; row++) {
      let sum = 0;
      for (let i = row * length; i < (row + 1) * length; i++) {
        sum = (sum + (this.bytes[low + i] | (this.bytes[high + i] << 8))) & 0xffff;
        values[i] = sum;
      }
    }
    this.at += 2 * size;
    return values;
  }

  plain(count) {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
}

class Result {
  constructor(head, bytes) {
    Object.assign(this, head);
    const people = this.ids.length, frames = this.frames, packed = new Packed(bytes);
    const steps = new DataView(bytes.buffer, bytes.byteOffset, 4 * frames);
    this.time = new Float64Array(frames); // seconds from the first frame, as in the video
    for (let i = 0, sum = 0; i < frames; i++) {
      sum += steps.getUint32(4 * i, true);
      this.time[i] = sum / 1e6;
    }
    packed.at = 4 * frames;
    const present = packed.plain(people * frames);
    const score = packed.plain(people * frames * JOINTS);
    const pose3d = packed.series(people * JOINTS * 3, frames);
    const pose2d = packed.series(people * JOINTS * 2, frames);
    const further = this.extra.length;
    const sure = packed.plain(people * frames * further);
    const soles = packed.series(people * further * 2, frames);
    this.people = this.ids.map((id, p) => this.person(p, id, present, score, pose3d, pose2d));
    if (further) {
      this.people.forEach((person, p) => (person.feet = {
        xy: this.byFrame(p, soles, 2 * further, this.unit2d), score: this.byFrame(p, sure, further, 1 / 255),
      }));
    }
  }

  // Series by channel and frame of one person as `width` numbers a frame.
  byFrame(p, values, width, unit) {
    const T = this.frames, out = new Float32Array(T * width);
    for (let c = 0; c < width; c++) {
      const row = (p * width + c) * T;
      for (let t = 0; t < T; t++) out[t * width + c] = values[row + t] * unit;
    }
    return out;
  }

  person(p, id, present, score, pose3d, pose2d) {
    const T = this.frames;
    return {
      id,
      state: present.subarray(p * T, (p + 1) * T), // 0 away, 1 seen, 2 filled
      score: this.byFrame(p, score, JOINTS, 1 / 255),
      pose3d: this.byFrame(p, pose3d, JOINTS * 3, this.unit3d),
      pose2d: this.byFrame(p, pose2d, JOINTS * 2, this.unit2d),
      scale: this.scales[p],
      keys: this.keys[p],
    };
  }

  // The frame that begins at about `seconds`.
  frameAt(seconds) {
    const frame = this.frameDuring(seconds), next = Math.min(frame + 1, this.frames - 1);
    return this.time[next] - seconds < seconds - this.time[frame] ? next : frame;
  }

  // The frame that is shown at `seconds`: the last that has begun.
  frameDuring(seconds) {
    let low = 0, high = this.frames - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.time[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // A moment well inside a frame, where no rounding can show its neighbour.
  middleOf(frame) {
    const next = frame + 1 < this.frames ? this.time[frame + 1] : this.time[frame] + 1 / this.fps;
    return (this.time[frame] + next) / 2;
  }
}
