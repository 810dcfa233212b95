// Stars to give: glyphs over a native slider, so that keyboard and screen reader have it all.

import { element } from "./element.js";

const MOST_GLYPHS = 10;

/** "4.5", "4": a number of stars as short as it is exact. */
export function written(stars) {
  return String(Math.round(stars * 100) / 100);
}

/** The share of the whole bar that a number of stars fills, in [0, 1]. */
export function share(stars, scale) {
  const empty = emptyEnd(scale);
  return Math.min(Math.max((stars - empty) / (scale.highest - empty), 0), 1);
}

/** How many glyphs show a scale: a star for each, where that can be read. */
export function glyphs(scale) {
  return isCountable(scale) ? Math.ceil(scale.highest) : 5;
}

function isCountable({ lowest, highest }) {
  return lowest >= 0 && highest <= MOST_GLYPHS;
}

/** The stars at which no glyph is filled. */
function emptyEnd(scale) {
  return isCountable(scale) ? 0 : scale.lowest;
}

/** Stars for one film: arrow keys and digits, a pointer with a preview, Delete takes them back. */
export class StarSlider {
  #scale;
  #onRate;
  #given = null;

  /**
   * @param {{lowest: number, highest: number, step: number}} scale
   * @param {string} label what a screen reader calls it.
   * @param {(stars: number|null) => void} onRate
   */
  constructor(scale, label, onRate) {
    this.#scale = scale;
    this.#onRate = onRate;
    const { lowest, highest, step } = scale; // one step below the lowest stands for "not rated"
    this.input = element("input", {
      type: "range", min: lowest - step, max: highest, step, "aria-label": label,
    });
    this.number = element("span", { class: "number", "aria-hidden": "true" });
    this.glyphs = element("span", { class: "stars" }, this.input);
    this.glyphs.style.setProperty("--glyphs", glyphs(scale));
    this.#listen();
    this.show(null);
  }

  /** Show the stars given, or null for none. */
  show(stars) {
    this.#given = stars;
    this.input.value = stars ?? this.#scale.lowest - this.#scale.step;
    this.input.setAttribute("aria-valuetext", stars === null ? "not rated" : this.#words(stars));
    this.#draw(stars);
  }

  #words(stars) {
    return `${written(stars)} of ${written(this.#scale.highest)} stars`;
  }

  #draw(stars) {
    this.glyphs.style.setProperty("--share", stars === null ? 0 : share(stars, this.#scale));
    this.number.textContent = stars === null ? "" : written(stars);
  }

  #rate(stars) {
    this.show(stars);
    this.#onRate(stars);
  }

  #listen() {
    this.input.addEventListener("input", () => {
      const stars = this.input.valueAsNumber;
      this.#rate(stars < this.#scale.lowest - this.#scale.step / 2 ? null : stars);
    });
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.glyphs.addEventListener("pointerdown", (event) => this.#onPress(event));
    this.glyphs.addEventListener("pointermove", (event) => this.#draw(this.#under(event)));
    this.glyphs.addEventListener("pointerup", (event) => this.#onRelease(event));
    for (const gone of ["pointerleave", "pointercancel"]) {
      this.glyphs.addEventListener(gone, () => this.#draw(this.#given));
    }
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const stars = /^\d$/.test(event.key) ? Number(event.key) : null;
    const isTakenBack = event.key === "Delete" || event.key === "Backspace";
    const isOnScale = stars >= this.#scale.lowest && stars <= this.#scale.highest;
    if (!isTakenBack && (stars === null || !isOnScale)) return;
    event.preventDefault();
    this.#rate(isTakenBack ? null : stars);
  }

  #onPress(event) {
    event.preventDefault();
    this.input.focus();
    this.glyphs.setPointerCapture(event.pointerId);
    this.#draw(this.#under(event));
  }

  #onRelease(event) {
    if (event.button === 0) this.#rate(this.#under(event));
  }

  /** The stars under a pointer: a touched part of a step counts as the whole step. */
  #under(event) {
    const { lowest, highest, step } = this.#scale;
    const box = this.glyphs.getBoundingClientRect();
    const part = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const empty = emptyEnd(this.#scale);
    const steps = Math.ceil((empty + part * (highest - empty) - lowest) / step - 1e-6);
    return Number((lowest + Math.max(steps, 0) * step).toFixed(6));
  }
}
