// What the visitor has rated, not seen and not wanted, kept in this browser.

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
    this.unseen = new Choices(`starcast.unseen.${dataset}`);
    this.unwanted = new Choices(`starcast.unwanted.${dataset}`);
    for (const film of stored(this.#place)) {
      const isFilm = film?.item !== undefined && Number.isFinite(film.stars);
      if (isFilm && film.stars >= scale.lowest && film.stars <= scale.highest) {
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
    this.#keep({ item, stars });
  }

  /** Take ratings along, over one's own or, if these are not wanted, instead of them. */
  take(films, isInstead = false) {
    if (isInstead) this.#films.clear();
    for (const { item, title, stars } of films) this.#films.set(item, { item, title, stars });
    this.#keep(null);
  }

  clear() {
    this.unseen.clear();
    this.unwanted.clear();
    this.take([], true);
  }

  /** Says "change" with the one rating that did, or null where several may have. */
  #keep(changed) {
    if (!keep(this.#place, this.all)) this.dispatchEvent(new Event("unkept"));
    this.dispatchEvent(new CustomEvent("change", { detail: changed }));
  }
}

/** Ids of items that were chosen, oldest first. */
export class Choices {
  #items;
  #place;

  constructor(place) {
    this.#place = place;
    this.#items = new Set(stored(place).filter((item) => ["string", "number"].includes(typeof item)));
  }

  get all() {
    return [...this.#items];
  }

  add(item) {
    this.#items.add(item);
    keep(this.#place, this.all);
  }

  clear() {
    this.#items.clear();
    keep(this.#place, []);
  }
}

function keep(place, things) {
  try {
    localStorage.setItem(place, JSON.stringify(things));
    return true;
  } catch {
    return false;
  }
}

function stored(place) {
  try {
    const things = JSON.parse(localStorage.getItem(place) ?? "[]");
    return Array.isArray(things) ? things : [];
  } catch {
    return []; // damaged, or a browser that keeps nothing: as on a first visit
  }
}
