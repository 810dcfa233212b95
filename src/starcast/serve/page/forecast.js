// The list of predictions: stars, why, films like it, and where another model puts each film.

import { element } from "./element.js";
import { mark, words } from "./movement.js";
import { Similar } from "./similar.js";
import { share, written } from "./stars.js";
import { parts } from "./titles.js";

const LEAST = 0.005; // of an effect: below, it would be shown as nothing
const GLIDE = { duration: 420, easing: "cubic-bezier(.2, .7, .2, 1)" };

/** Rows that stay themselves while the list changes, so that they can glide and stay open. */
export class Forecast {
  #rows = new Map();
  #desk;

  /**
   * @param {HTMLElement} list
   * @param {{service: Service, model: () => string, onPick: (film) => void}} desk
   */
  constructor(list, desk) {
    this.list = list;
    this.#desk = desk;
  }

  /**
   * Show recommendations, best first.
   *
   * @param {object[]} recommendations as the service gives them.
   * @param {object} scale of the model.
   * @param {{title: string, places: Map, known: number}|null} other the model beside it, if any.
   */
  show(recommendations, scale, other) {
    const before = tops(this.list);
    const rowOf = (film) => this.#rows.get(film.item) ?? new Row(film, this.#desk);
    const rows = recommendations.map(rowOf);
    rows.forEach((row, n) => row.show(recommendations[n], n + 1, scale, other, rows.length));
    this.#rows = new Map(recommendations.map((film, n) => [film.item, rows[n]]));
    arrange(this.list, rows.map((row) => row.element));
    glide(this.list, before);
  }

  clear() {
    this.#rows.clear();
    this.list.replaceChildren();
  }

  /** Another model may hold other films for similar. */
  refresh() {
    for (const row of this.#rows.values()) row.similar.refresh();
  }
}

class Row {
  constructor(film, desk) {
    this.similar = new Similar(film, desk, false);
    this.place = element("span", { class: "place", "aria-hidden": "true" });
    this.mark = element("span", { class: "mark", "aria-hidden": "true" });
    this.figure = element("span", { class: "figure", "aria-hidden": "true" });
    this.said = element("span", { class: "unseen" });
    this.bar = element("span", { class: "bar", "aria-hidden": "true" });
    this.other = element("span", { class: "other" });
    this.bar.append(element("span", { class: "filled" }), this.other);
    this.why = element("p", { class: "why" });
    this.there = element("p", { class: "there" });
    const heading = element("h3", {}, this.similar.title);
    this.element = element("li", { class: "recommendation" },
      element("div", { class: "standing" }, this.place, this.mark),
      element("div", { class: "what" }, heading, this.why, this.there),
      element("div", { class: "prediction" }, this.figure, this.said, this.bar),
      this.similar.panel);
  }

  show(film, place, scale, other, shown) {
    this.place.textContent = place;
    this.figure.textContent = film.stars.toFixed(2);
    this.said.textContent =
      `${film.stars.toFixed(2)} of ${written(scale.highest)} stars forecast`;
    this.bar.style.setProperty("--share", share(film.stars, scale));
    this.bar.style.setProperty("--steps", Math.round(scale.highest));
    this.why.replaceChildren(...why(film.reasons));
    this.why.hidden = !film.reasons.length;
    this.#compare(film.item, place, scale, other, shown);
  }

  #compare(item, place, scale, other, shown) {
    const there = other?.places.get(item);
    this.mark.textContent = other ? mark(place, there, shown) : "";
    this.mark.dataset.climbs = Math.sign((there?.place ?? Infinity) - place);
    this.there.textContent = other ? words(other.title, there, other.known) : "";
    this.there.hidden = !other;
    this.other.hidden = !there;
    if (there) this.bar.style.setProperty("--other", share(there.stars, scale));
  }
}

/** "Because of Alien +0.21, Brazil +0.10, in spite of Clue −0.35" or with shares, as nodes. */
function why(reasons) {
  const lifting = reasons.filter(({ effect }) => effect >= LEAST).slice(0, 2).flatMap(reason);
  const lowering = reasons.filter(({ effect }) => effect <= -LEAST).slice(0, 1).flatMap(reason);
  if (!lifting.length) return lowering.length ? ["In spite of ", ...lowering] : [];
  const spite = element("span", { class: "spite" }, "in spite of ", ...lowering);
  return ["Because of ", ...lifting, ...(lowering.length ? [", ", spite] : [])];
}

function reason(film, n) {
  const size = Math.abs(film.effect);
  const figure = film.unit === "share" ? `${Math.round(100 * size)} %` : size.toFixed(2);
  const effect = `${film.effect > 0 ? "+" : "−"}${figure}`;
  const because = element("span", { class: "reason" }, parts(film).name, "\u00a0",
    element("span", { class: "effect" }, effect));
  return n ? [", ", because] : [because];
}

function tops(list) {
  return new Map([...list.children].map((row) => [row, row.getBoundingClientRect().top]));
}

/** Put rows in order without touching those that are in place, which would lose the focus. */
function arrange(list, rows) {
  for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
  rows.forEach((row, n) => {
    if (list.children[n] !== row) list.insertBefore(row, list.children[n] ?? null);
  });
}

/** Let rows slide from where they were; new ones appear. Readers who dislike motion see none. */
function glide(list, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const row of list.children) {
    const from = before.get(row);
    const way = from === undefined ? 0 : from - row.getBoundingClientRect().top;
    if (from === undefined) row.animate({ opacity: [0, 1] }, GLIDE);
    else if (way) row.animate({ transform: [`translateY(${way}px)`, "none"] }, GLIDE);
  }
}
