// The list of predictions: stars, how sure they are, why, and where another model puts each film.

import { button, element } from "./element.js";
import { mark, words as told } from "./movement.js";
import { why } from "./reasons.js";
import { Similar } from "./similar.js";
import { written } from "./stars.js";
import { spoken } from "./titles.js";
import { words } from "./words.js";

const GLIDE = { duration: 420, easing: "cubic-bezier(.2, .7, .2, 1)" };

/** Rows that stay themselves while the list changes, so that they can glide and stay open. */
export class Forecast {
  #rows = new Map();
  #desk;

  /**
   * @param {HTMLElement} list
   * @param {{service: Service, model: () => string, onPick: (film) => void,
   *     onUnwanted: (film) => void}} desk
   */
  constructor(list, desk) {
    this.list = list;
    this.#desk = desk;
  }

  /**
   * Show recommendations, best first.
   *
   * @param {object[]} films as the service gives them.
   * @param {{scale: object, usual: number, mark: string}} person for whom they are.
   * @param {{title: string, places: Map, known: number}|null} other the model beside it, if any.
   * @param {number} first the place of the first of them.
   */
  show(films, person, other = null, first = 1) {
    const before = tops(this.list);
    const rows = films.map((film) => this.#rows.get(film.item) ?? new Row(film, this.#desk));
    rows.forEach((row, n) => row.show(films[n], n + first, person, other, rows.length));
    this.#rows = new Map(films.map((film, n) => [film.item, rows[n]]));
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
    const name = spoken(film);
    this.similar = new Similar(film, desk);
    this.place = element("span", { class: "place", "aria-hidden": "true" });
    this.mark = element("span", { class: "mark", "aria-hidden": "true" });
    this.figure = element("span", { class: "figure", "aria-hidden": "true" });
    this.said = element("span", { class: "unseen" });
    this.bar = element("span", { class: "bar", "aria-hidden": "true" }, element("span"));
    this.sure = element("span", { class: "sure", "aria-hidden": "true" });
    this.genres = element("p", { class: "genres" });
    this.why = element("p", { class: "why" });
    this.there = element("p", { class: "there" });
    const seen = button(words.known, { "aria-label": `${words.known}: rate ${name}` },
      () => desk.onPick(film));
    const unwanted = button("Not for me", { "aria-label": `Not for me: ${name}` }, () => {
      const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
      next?.querySelector(".acts button:last-child").focus(); // before this one goes
      desk.onUnwanted(film);
    });
    this.element = element("li", { class: "recommendation" },
      element("div", { class: "standing" }, this.place, this.mark),
      element("div", { class: "what" }, element("h3", {}, this.similar.title), this.genres, this.why,
        this.there, element("p", { class: "acts" }, seen, unwanted)),
      element("div", { class: "prediction" }, this.figure, this.said, this.bar, this.sure),
      this.similar.panel);
  }

  show(film, place, person, other, shown) {
    const isSure = Number.isFinite(film.chance);
    const percent = Math.round(100 * (film.chance ?? 0));
    const stars = film.stars.toFixed(1);
    this.place.textContent = place;
    this.figure.textContent = stars;
    this.sure.textContent = isSure ? `${percent} % sure` : `new ${words.one}`;
    const surely = isSure ? `, ${percent} % sure to be ${person.mark}` : "";
    this.said.textContent = `${stars} of ${written(person.scale.highest)} stars forecast${surely}`;
    this.bar.hidden = !isSure;
    this.bar.style.setProperty("--share", film.chance ?? 0);
    this.genres.textContent = film.genres?.join(" · ") ?? "";
    this.why.replaceChildren(...why(film.reasons, person.usual));
    this.#compare(film.item, place, other, shown);
  }

  #compare(item, place, other, shown) {
    const there = other?.places.get(item);
    this.mark.textContent = other ? mark(place, there, shown) : "";
    this.mark.dataset.climbs = Math.sign((there?.place ?? Infinity) - place);
    this.there.textContent = other ? told(other.title, there, other.known) : "";
    this.there.hidden = !other;
  }
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
