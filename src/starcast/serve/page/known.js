// The left side: what the visitor has rated, what to ask next, and the search.

import { Films } from "./films.js";
import { Search } from "./search.js";
import { inWords } from "./service.js";
import { some, words } from "./words.js";

const ASKED = 6; // at once
const RATED = 6; // shown, unless all are wanted

const at = (id) => document.getElementById(id);

/** Ratings and questions. A film that is rated among the questions stays where it is. */
export class Known {
  #all = false; // whether all ratings are shown
  #stars = null; // for the film that is searched, where an import told them
  #desk;

  /** @param {object} desk what the parts of the page share. */
  constructor(desk) {
    this.#desk = desk;
    const { ratings, scale } = desk;
    this.rated = new Films(at("rated"), ratings, scale, desk);
    this.asked = new Films(at("films"), ratings, scale, desk, (film) => this.#unseen(film));
    const searched = {
      ...desk,
      onPick: (film) => this.#found(film),
      onError: (error) => desk.fail(error, () => at("search").focus()),
      onCount: (n) => desk.announce(`${n} ${n === 1 ? words.one : words.many} found`),
    };
    this.search = new Search(at("search"), at("found"), searched);
    at("search").placeholder = `Search ${some()}`;
    document.querySelector("label[for=search]").textContent = `Search ${some()}`;
    at("found").setAttribute("aria-label", `${words.Many} found`);
    at("more").addEventListener("click", () => this.ask());
    at("all-rated").addEventListener("click", () => {
      this.#all = true;
      this.#showRated();
    });
  }

  open() {
    this.#showRated();
  }

  /** Show what has changed: one rating, or, for null, perhaps all. */
  follow(rating) {
    if (!this.asked.items.length) this.ask();
    if (rating && (this.rated.has(rating.item) || this.asked.has(rating.item))) {
      for (const films of [this.rated, this.asked]) films.showGiven(rating.item);
      return;
    }
    this.rated.clear();
    this.asked.drop((item) => !rating && this.#desk.ratings.starsOf(item) !== null);
    this.#showRated();
  }

  /** Ask about a few more. */
  async ask(n = ASKED) {
    const { service, ratings, filters, model, fail } = this.#desk;
    const without = [...ratings.unseen.all, ...ratings.unwanted.all, ...this.asked.items];
    try {
      this.asked.append(await service.suggestions(model(), ratings.all, without, n, filters.where));
      at("next").hidden = !this.asked.items.length;
    } catch (error) {
      fail(inWords(error, ratings.all), () => this.ask(n));
    }
  }

  /** Other questions, such as of another genre; what was rated goes up to the ratings. */
  askAnew() {
    this.asked.clear();
    this.rated.clear();
    this.#showRated();
    this.ask();
  }

  startOver() {
    this.#all = false;
    this.askAnew();
    at("search").focus();
  }

  /** Let the reader give stars to a film. */
  pick(film) {
    (this.asked.has(film.item) ? this.asked : this.rated).pick(film);
  }

  /** Search for a film of an import, whose stars are known. */
  find(name, stars) {
    this.#stars = stars;
    this.search.look(name);
  }

  refresh() {
    for (const films of [this.rated, this.asked]) films.refresh();
  }

  #found(film) {
    const stars = this.#stars;
    this.#stars = null;
    if (stars !== null) this.#desk.ratings.rate(film, stars);
    this.pick(film);
  }

  #unseen(film) {
    this.#desk.ratings.unseen.add(film.item);
    this.ask(1);
  }

  /** The newest ratings first, but for those that are among the questions. */
  #showRated() {
    const films = this.#desk.ratings.all.reverse().filter(({ item }) => !this.asked.has(item));
    this.rated.append(this.#all ? films : films.slice(0, RATED));
    const n = films.length;
    at("all-rated").hidden = this.#all || n <= RATED;
    at("all-rated").textContent = `All ${n} you have rated`;
  }
}
