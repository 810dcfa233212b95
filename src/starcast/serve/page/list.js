// The right side: the forecast, as it follows ratings, filters and models.

import { Forecast } from "./forecast.js";
import { places } from "./movement.js";
import { inWords, isSuperseded } from "./service.js";
import { written } from "./stars.js";
import { spoken } from "./titles.js";

const SHOWN = 10;
const MOST = 100; // as long as a list with reasons may be
const KNOWN = 100; // how far down the other model's list a film's place is told
const REASONS = 5; // of which the page tells those that are worth it

const at = (id) => document.getElementById(id);

/** The forecast and what stands around it. */
export class List {
  #shown = SHOWN;
  #desk;

  /** @param {object} desk what the parts of the page share. */
  constructor(desk) {
    this.#desk = desk;
    this.forecast = new Forecast(at("recommendations"), desk);
    this.surprises = new Forecast(at("surprises"), desk);
    at("longer").addEventListener("click", () => {
      this.#shown = Math.min(this.#shown + SHOWN, MOST);
      this.update();
    });
    at("surprise").addEventListener("click", () => this.#surprise());
  }

  /** Make the forecast follow the ratings. */
  async update() {
    const ratings = this.#desk.ratings.all;
    this.#clearSurprise();
    at("invitation").hidden = ratings.length > 0;
    for (const id of ["how", "surprise"]) at(id).hidden = !ratings.length;
    if (!ratings.length) {
      this.#clear();
      return;
    }
    try {
      await this.#ask(ratings);
      at("message").replaceChildren();
    } catch (error) {
      this.#desk.fail(inWords(error, ratings), () => this.update());
    }
  }

  refresh() {
    this.forecast.refresh();
  }

  async #ask(ratings) {
    const { chosen, other, source } = this.#desk.models;
    if (!other) this.#desk.service.cancel("comparison");
    const [said, there] = await Promise.all([
      this.#of("forecast", chosen, ratings, this.#shown, REASONS),
      other && this.#of("comparison", other, ratings, KNOWN, 0),
    ]);
    const films = said.recommendations;
    const others = there?.recommendations;
    const person = this.#person(said);
    this.forecast.show(films, person, other &&
      { title: other.title, places: places(others), known: others.length });
    this.#tell(films, person, source);
  }

  #of(purpose, model, ratings, k, reasons) {
    const { service, filters } = this.#desk;
    const without = this.#desk.ratings.unwanted.all;
    const wanted = { model: model.name, ratings, k, reasons, where: filters.where, without };
    return service.recommendations(purpose, wanted);
  }

  #person({ usual, mark }) {
    const { scale } = this.#desk.models.chosen;
    return { scale, usual, mark: written(mark) + (mark < scale.highest ? " or more" : "") };
  }

  #tell(films, person, source) {
    at("caption").textContent = `You usually give ${person.usual.toFixed(1)}. Sure: the chance `
      + `that you give ${person.mark}.`;
    at("mark").textContent = person.mark;
    at("caption").hidden = !films.length;
    at("source").textContent = source;
    at("nothing").hidden = films.length >= this.#shown || !this.#desk.filters.where;
    at("longer").hidden = films.length < this.#shown || this.#shown >= MOST;
    const [first] = films;
    if (first) this.#desk.announce(
      `First of your forecast: ${spoken(first)}, ${first.stars.toFixed(1)} stars`);
  }

  /** Something from further down that is as sure as the half of what stands above it. */
  async #surprise() {
    const { models, ratings, fail } = this.#desk;
    try {
      const said = await this.#of("surprise", models.chosen, ratings.all, MOST, REASONS);
      const films = said.recommendations.map((film, n) => ({ film, place: n + 1 }));
      const chances = films.slice(0, this.#shown).map(({ film }) => film.chance ?? 0).sort();
      const least = chances[Math.floor(chances.length / 2)] ?? 0;
      const others = films.slice(this.#shown).filter(({ film }) => (film.chance ?? 0) >= least);
      const { film, place } = any(others) ?? any(films.slice(this.#shown)) ?? any(films) ?? {};
      if (!film) return;
      this.surprises.show([film], this.#person(said), null, place);
      at("surprises").hidden = false;
      this.#desk.announce(`A surprise: ${spoken(film)}`);
      at("surprises").scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (!isSuperseded(error)) fail(error, () => this.#surprise());
    }
  }

  #clear() {
    this.#desk.service.cancel("forecast");
    this.#desk.service.cancel("comparison");
    this.#shown = SHOWN;
    this.forecast.clear();
    for (const id of ["caption", "nothing", "longer"]) at(id).hidden = true;
    at("message").replaceChildren();
  }

  #clearSurprise() {
    this.#desk.service.cancel("surprise");
    this.surprises.clear();
    at("surprises").hidden = true;
  }
}

function any(things) {
  return things[Math.floor(Math.random() * things.length)];
}
