"use strict";
// Plays a result, with its video or without one, and says which frame is on the screen.

// Which clock tells the frame on the screen was measured. In Chromium it is that of the frame
// callback, but the callback of a busy page comes late, when the next picture is there already:
// the picture itself knows its time. In Firefox it is the video's own clock while it plays.
const FIREFOX = CSS.supports("-moz-appearance", "none");

class VideoPlayer {
  constructor(video, result, shown) {
    Object.assign(this, { video, result, shown, frame: 0, wanted: null });
    const watch = () => video.requestVideoFrameCallback((_, meta) => {
      watch();
      const own = FIREFOX && !video.paused;
      this.set(own ? result.frameDuring(video.currentTime) : result.frameAt(this.pictured() ?? meta.mediaTime));
    });
    if (video.requestVideoFrameCallback) watch();
    else this.poll();
    video.addEventListener("seeked", () => {
      const wanted = this.wanted;
      this.wanted = null;
      if (wanted !== null && wanted !== this.asked) this.seek(wanted);
      // No new picture comes where the old one was right already.
      else if (video.paused && this.frame !== this.asked) {
        setTimeout(() => video.paused && !video.seeking && this.set(result.frameDuring(video.currentTime)), 150);
      }
    });
  }

  // The time of the picture that is there now; null where the browser does not tell, which it
  // never does of a video outside the page's own file.
  pictured() {
    if (FIREFOX || !window.VideoFrame || this.result.video.file) return null;
    const picture = new VideoFrame(this.video), seconds = picture.timestamp / 1e6;
    picture.close();
    return seconds;
  }

  poll() {
    if (!this.video.seeking) this.set(this.result.frameDuring(this.video.currentTime));
    requestAnimationFrame(() => this.poll());
  }

  set(frame) {
    if (frame === this.frame && this.told) return;
    this.frame = frame;
    this.told = true;
    this.shown(frame);
  }

  // Where the next step counts from: seeks that are still under way included.
  get heading() {
    return this.wanted ?? (this.video.seeking ? this.asked : this.frame);
  }

  seek(frame) {
    this.wanted = clamp(frame, 0, this.result.frames - 1);
    if (this.video.seeking) return; // the newest wish is granted when this one is done
    this.asked = this.wanted;
    this.video.currentTime = this.result.middleOf(this.wanted);
  }

  get playing() {
    return (this.held || !this.video.paused) && !this.video.ended;
  }

  play() {
    this.held = false;
    return this.video.play();
  }

  pause() {
    this.held = false;
    this.video.pause();
  }

  // Waits for the other film to catch up; it still counts as playing.
  hold(on) {
    if (on === Boolean(this.held) || !this.playing) return;
    this.held = on;
    if (on) this.video.pause();
    else this.video.play().catch(() => (this.held = false)); // paused by hand meanwhile
  }

  set rate(value) {
    this.video.playbackRate = value;
  }
}

// The same without a picture: the result's own clock.
class ClockPlayer {
  constructor(result, shown, ended) {
    Object.assign(this, { result, shown, ended, frame: 0, speed: 1, playing: false });
  }

  get heading() {
    return this.frame;
  }

  seek(frame) {
    this.frame = clamp(frame, 0, this.result.frames - 1);
    this.at = this.result.time[this.frame];
    this.shown(this.frame);
  }

  async play() {
    if (this.playing) return;
    if (this.frame >= this.result.frames - 1) this.seek(0);
    this.playing = true;
    this.at = this.result.time[this.frame];
    let before = performance.now();
    const step = (now) => {
      if (!this.playing) return;
      this.at += (Math.max(now - before, 0) / 1000) * this.speed;
      before = now;
      const { time, frames } = this.result;
      while (this.frame + 1 < frames && time[this.frame + 1] <= this.at) this.frame++;
      this.shown(this.frame);
      if (this.at >= time[frames - 1] + 1 / this.result.fps) {
        this.playing = false;
        this.ended();
      } else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  pause() {
    this.playing = false;
  }

  hold() {} // without a film nothing is late

  set rate(value) {
    this.speed = value;
  }
}
