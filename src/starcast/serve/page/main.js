// The page: what the visitor rates on the left becomes the forecast on the right.

import { button } from "./element.js";
import { Filters } from "./filters.js";
import { Import } from "./importing.js";
import { Known } from "./known.js";
import { List } from "./list.js";
import { ModelSwitch } from "./models.js";
import { VisitorRatings } from "./ratings.js";
import { Service, isSuperseded } from "./service.js";
import { Sharing } from "./keeping.js";
import { ratingsOf, tableOf } from "./sharing.js";
import { askForToken } from "./token.js";
import { counted, speak } from "./words.js";

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

/** Say something below, with buttons: [text, act] each, which also end it. */
function notice(text, ...choices) {
  const end = () => at("notice").replaceChildren();
  const buttons = choices.flatMap(([name, act]) => [" ", button(name, { class: "quiet" }, () => {
    end();
    act();
  })]);
  at("notice").replaceChildren(text, ...buttons);
}

async function start() {
  try {
    const models = await service.models();
    const settings = await service.settings();
    at("message").replaceChildren();
    speak(settings.items);
    new Page(new ModelSwitch(at("models"), models), settings).open();
  } catch (error) {
    fail(error, start);
  }
}

class Page {
  constructor(models, settings) {
    const { dataset, scale } = models.chosen;
    this.models = models;
    this.ratings = new VisitorRatings(dataset, scale);
    this.filters = new Filters(at("filters"), settings.genres, settings.years);
    const desk = {
      service, models, ratings: this.ratings, filters: this.filters, scale, fail, announce,
      model: () => models.chosen.name,
      onPick: (film) => this.known.pick(film),
      onUnwanted: (film) => {
        this.ratings.unwanted.add(film.item);
        this.list.update();
      },
    };
    this.known = new Known(desk);
    this.list = new List(desk);
    this.import = new Import(at("imported"), at("file"), at("import"), {
      ...desk, onError: fail, onFind: (name, stars) => this.known.find(name, stars),
    });
    this.sharing = new Sharing(dataset, this.ratings, service, settings.has_store);
  }

  open() {
    this.ratings.addEventListener("change", ({ detail }) => this.#changed(detail));
    this.ratings.addEventListener("unkept", () =>
      notice("This browser keeps no data, so your ratings go with this tab."));
    this.models.addEventListener("change", () => this.#switched());
    this.filters.addEventListener("change", () => this.#filtered());
    at("start-over").addEventListener("click", () => this.#startOver());
    window.addEventListener("hashchange", () => this.#readLink());
    this.known.open();
    this.#changed(null);
    this.#readLink();
  }

  #changed(rating) {
    this.known.follow(rating);
    for (const id of ["start-over", "share"]) at(id).hidden = !this.ratings.all.length;
    this.list.update();
  }

  #switched() {
    this.known.refresh();
    this.list.refresh();
    this.list.update();
  }

  #filtered() {
    this.known.askAnew();
    this.list.update();
  }

  #startOver() {
    this.ratings.clear();
    this.known.startOver();
  }

  /** Take the ratings of a link: at once on a first visit, else as the reader likes. */
  async #readLink() {
    const told = ratingsOf(location.hash);
    if (!told) return;
    const forget = () => history.replaceState(null, "", location.pathname + location.search);
    const isOther = told.dataset && told.dataset !== this.models.chosen.dataset;
    if (isOther || !told.ratings.length) {
      forget();
      notice(isOther ? `That link is of other data (${told.dataset}).`
        : "That link holds no ratings: perhaps it was cut off.");
      return;
    }
    const said = await this.import.read("the link", tableOf(told.ratings));
    if (!said) return; // a reload tries again
    forget();
    const films = said.found;
    if (!this.ratings.all.length) {
      this.ratings.take(films);
      notice(`${counted(films.length)} came with the link.`, ["All right", () => {}]);
      return;
    }
    notice(`${counted(films.length)} came with the link.`,
      ["Show them instead of mine", () => this.ratings.take(films, true)],
      ["Add them to mine", () => this.ratings.take(films)], ["Leave mine", () => {}]);
  }
}

start();
