// What the visitor has rated, kept in this browser.

/** The visitor's ratings of one data set, newest last; says "change" when they do. */
export class VisitorRatings extends EventTarget {
  #films = new Map();
  #place;

  /**
   * @param {string} dataset ids of one data set mean nothing in another.
   * @param {{lowest: number, highest: number}} scale what does not lie on it is forgotten.
   */
  constructor(dataset, scale) {
    super();
    this.#place = `starcast.ratings.${dataset}`;
    for (const film of stored(this.#place)) {
      if (film.stars >= scale.lowest && film.stars <= scale.highest) {
        this.#films.set(film.item, film);
      }
    }
  }

  /** [{item, title, stars}] */
  get all() {
    return [...this.#films.values()];
  }

  /** Stars given to an item, null if none. */
  starsOf(item) {
    return this.#films.get(item)?.stars ?? null;
  }

  /** Give a film its stars; null takes them back. */
  rate({ item, title }, stars) {
    if (stars === this.starsOf(item)) return;
    if (stars === null) this.#films.delete(item);
    else this.#films.set(item, { item, title, stars });
    this.#keep();
  }

  clear() {
    this.#films.clear();
    this.#keep();
  }

  #keep() {
    try {
      localStorage.setItem(this.#place, JSON.stringify(this.all));
    } catch {
      this.dispatchEvent(new Event("unkept"));
    }
    this.dispatchEvent(new Event("change"));
  }
}

function stored(place) {
  try {
    const films = JSON.parse(localStorage.getItem(place) ?? "[]");
    return films.filter(({ item, stars }) => item !== undefined && Number.isFinite(stars));
  } catch {
    return []; // damaged, or a browser that keeps nothing: as on a first visit
  }
}
