// The films a visitor knows or may know, each with stars to give.

import { button, element } from "./element.js";
import { Similar } from "./similar.js";
import { StarSlider } from "./stars.js";
import { spoken } from "./titles.js";

/** A list that only grows: nothing moves or vanishes under a finger or a focus. */
export class Films {
  #rows = new Map();
  #ratings;
  #scale;
  #desk;

  /**
   * @param {HTMLElement} list
   * @param {VisitorRatings} ratings
   * @param {{lowest: number, highest: number, step: number}} scale
   * @param {{service: Service, model: () => string, onPick: (film) => void}} desk
   */
  constructor(list, ratings, scale, desk) {
    this.list = list;
    this.#ratings = ratings;
    this.#scale = scale;
    this.#desk = desk;
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
    const slider = this.#rows.get(film.item).slider;
    slider.input.focus();
    slider.input.closest("li").scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.#rows.clear();
    this.list.replaceChildren();
  }

  /** Another model may hold other films for similar. */
  refresh() {
    for (const { similar } of this.#rows.values()) similar.refresh();
  }

  #row(film) {
    const name = spoken(film);
    const slider = new StarSlider(this.#scale, `Stars for ${name}`, (stars) => {
      this.#ratings.rate(film, stars);
      takeBack.classList.toggle("absent", stars === null);
    });
    const takeBack = button("×", { class: "take-back", "aria-label": `Take back ${name}` }, () => {
      this.#ratings.rate(film, null);
      slider.show(null);
      takeBack.classList.add("absent");
      slider.input.focus();
    });
    const given = this.#ratings.starsOf(film.item);
    slider.show(given);
    takeBack.classList.toggle("absent", given === null);
    const similar = new Similar(film, this.#desk, true);
    this.#rows.set(film.item, { slider, similar });
    const stars = element("span", { class: "giving" }, slider.glyphs, slider.number, takeBack);
    return element("li", { class: "film" }, similar.title, stars, similar.panel);
  }
}
