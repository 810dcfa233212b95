// The films a visitor knows or may know, each with stars to give.

import { button, element } from "./element.js";
import { Similar } from "./similar.js";
import { StarSlider } from "./stars.js";
import { spoken } from "./titles.js";
import { words } from "./words.js";

/** A list that only grows by itself: nothing moves or vanishes under a finger or a focus. */
export class Films {
  #rows = new Map();
  #ratings;
  #scale;
  #desk;
  #onUnseen;

  /**
   * @param {HTMLElement} list
   * @param {VisitorRatings} ratings
   * @param {{lowest: number, highest: number, step: number}} scale
   * @param {{service: Service, model: () => string, onPick: (film) => void}} desk
   * @param {((film) => void)|null} onUnseen told of films that the visitor has not seen, if asked.
   */
  constructor(list, ratings, scale, desk, onUnseen = null) {
    this.list = list;
    this.#ratings = ratings;
    this.#scale = scale;
    this.#desk = desk;
    this.#onUnseen = onUnseen;
  }

  /** The ids of the films shown. */
  get items() {
    return [...this.#rows.keys()];
  }

  has(item) {
    return this.#rows.has(item);
  }

  /** Show films below those that are there already. */
  append(films) {
    for (const film of films) {
      if (!this.#rows.has(film.item)) this.list.append(this.#row(film));
    }
  }

  /** Bring a film to the top and let the reader rate it at once. */
  pick(film) {
    if (!this.#rows.has(film.item)) this.list.prepend(this.#row(film));
    const { slider } = this.#rows.get(film.item);
    slider.input.focus();
    slider.input.closest("li").scrollIntoView({ block: "nearest" });
  }

  /** Show the stars of a film as they are now, wherever they were given. */
  showGiven(item) {
    this.#rows.get(item)?.showGiven();
  }

  clear() {
    this.#rows.clear();
    this.list.replaceChildren();
  }

  /** Take films that nobody has rated off the list, or all that `isGone` says. */
  drop(isGone) {
    for (const [item, { row }] of this.#rows) {
      if (!isGone(item)) continue;
      row.remove();
      this.#rows.delete(item);
    }
  }

  /** Another model may hold other films for similar. */
  refresh() {
    for (const { similar } of this.#rows.values()) similar.refresh();
  }

  #row(film) {
    const name = spoken(film);
    const show = (stars) => {
      takeBack.classList.toggle("absent", stars === null);
      unseen?.classList.toggle("absent", stars !== null);
    };
    const slider = new StarSlider(this.#scale, `Stars for ${name}`, (stars) => {
      show(stars);
      this.#ratings.rate(film, stars);
    });
    const takeBack = button("×", { class: "take-back", "aria-label": `Take back ${name}` }, () => {
      slider.show(null);
      show(null);
      this.#ratings.rate(film, null);
      slider.input.focus();
    });
    const label = { class: "not-seen", "aria-label": `${words.unknown} ${name}` };
    const unseen = this.#onUnseen && button(words.unknown, label, () => this.#leave(film));
    const similar = new Similar(film, this.#desk, true);
    const stars = element("span", { class: "giving" }, slider.glyphs, slider.number, takeBack);
    if (unseen) stars.append(unseen);
    const what = element("div", { class: "what" }, similar.title);
    if (film.genres?.length) what.append(element("p", { class: "genres" }, film.genres.join(" · ")));
    const row = element("li", { class: "film" }, what, stars, similar.panel);
    const showGiven = () => {
      const stars = this.#ratings.starsOf(film.item);
      slider.show(stars);
      show(stars);
    };
    showGiven();
    this.#rows.set(film.item, { slider, similar, row, showGiven });
    return row;
  }

  /** Without a film that was not seen; the focus goes on to the next. */
  #leave(film) {
    const { row } = this.#rows.get(film.item);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    this.#rows.delete(film.item);
    row.remove();
    next?.querySelector("input")?.focus();
    this.#onUnseen(film);
  }
}
