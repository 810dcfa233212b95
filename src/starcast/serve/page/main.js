// The page: what the visitor rates on the left becomes the forecast on the right.

import { Films } from "./films.js";
import { Forecast } from "./forecast.js";
import { ModelSwitch } from "./models.js";
import { places } from "./movement.js";
import { VisitorRatings } from "./ratings.js";
import { Search } from "./search.js";
import { button } from "./element.js";
import { Service, ServiceError, isSuperseded } from "./service.js";
import { spoken } from "./titles.js";
import { askForToken } from "./token.js";

const SHOWN = 10;
const KNOWN = 100; // how far down the other model's list a film's place is told
const REASONS = 5; // of which the page tells the strongest of either kind
const SUGGESTED = 8;

const at = (id) => document.getElementById(id);
const service = new Service(askForToken);

/** Show what went wrong and offer to try again; superseded requests are none of the reader's. */
function fail(error, again) {
  if (isSuperseded(error)) return;
  at("message").replaceChildren(error.message, " ", button("Try again", { class: "quiet" }, again));
}

function announce(text) {
  at("announcement").textContent = text;
}

async function start() {
  try {
    const models = await service.models();
    at("message").replaceChildren();
    new Page(new ModelSwitch(at("models"), models)).open();
  } catch (error) {
    fail(error, start);
  }
}

/** The same error, naming the film that a newer model no longer knows, if that is what it says. */
function inWords(error, ratings) {
  const film = ratings.find(({ item }) => error.message.includes(`'${item}'`));
  if (error.code !== "unknown_item" || !film) return error;
  const said = `The model does not know ${spoken(film)}; take it back to go on.`;
  return new ServiceError(error.code, said);
}

class Page {
  #suggested = 0;

  constructor(models) {
    this.models = models;
    const { dataset, scale } = models.chosen;
    const onPick = (film) => this.films.pick(film);
    const desk = { service, model: () => this.models.chosen.name, onPick };
    this.ratings = new VisitorRatings(dataset, scale);
    this.films = new Films(at("films"), this.ratings, scale, desk);
    this.forecast = new Forecast(at("recommendations"), desk);
    this.search = new Search(at("search"), at("found"), {
      ...desk, onError: (error) => fail(error, () => at("search").focus()),
      onCount: (n) => announce(n === 1 ? "1 film found" : `${n} films found`),
    });
  }

  open() {
    this.ratings.addEventListener("change", () => this.update());
    this.ratings.addEventListener("unkept", () => {
      at("notice").textContent = "This browser keeps no data, so your ratings go with this tab.";
    });
    this.models.addEventListener("change", () => this.#switch());
    at("start-over").addEventListener("click", () => this.#startOver());
    at("more").addEventListener("click", () => this.suggest());
    this.films.append(this.ratings.all.reverse());
    this.suggest();
    this.update();
  }

  /** Show well-known films to begin with, and more of them each time. */
  async suggest() {
    const n = this.#suggested + SUGGESTED;
    try {
      const films = await service.films(this.models.chosen.name, "", n, "suggestions");
      this.films.append(films.slice(this.#suggested));
      this.#suggested = n;
      at("more").hidden = films.length < n;
    } catch (error) {
      fail(error, () => this.suggest());
    }
  }

  /** Make the forecast follow the ratings. */
  async update() {
    const ratings = this.ratings.all;
    at("invitation").hidden = ratings.length > 0;
    for (const id of ["start-over", "to-forecast"]) at(id).hidden = !ratings.length;
    if (!ratings.length) {
      service.cancel("forecast");
      service.cancel("comparison");
      this.forecast.clear();
      at("reading").hidden = true;
      at("message").replaceChildren();
      return;
    }
    try {
      await this.#ask(ratings);
      at("message").replaceChildren();
    } catch (error) {
      fail(inWords(error, ratings), () => this.update());
    }
  }

  async #ask(ratings) {
    const { chosen, other } = this.models;
    if (!other) service.cancel("comparison");
    const [films, others] = await Promise.all([
      service.recommendations("forecast", chosen.name, ratings, SHOWN, REASONS),
      other && service.recommendations("comparison", other.name, ratings, KNOWN, 0),
    ]);
    const beside = other && { title: other.title, places: places(others), known: others.length };
    this.forecast.show(films, chosen.scale, beside);
    at("reading").hidden = !films.length;
    at("reading-tick").hidden = !other;
    at("source").textContent = this.models.source;
    const [first] = films;
    if (!first) return;
    announce(`First of your forecast: ${spoken(first)}, ${first.stars.toFixed(2)} stars`);
  }

  #switch() {
    this.films.refresh();
    this.forecast.refresh();
    this.update();
  }

  #startOver() {
    this.films.clear();
    this.#suggested = 0;
    this.ratings.clear();
    this.suggest();
    at("search").focus();
  }
}

start();
