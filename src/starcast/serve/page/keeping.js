// The dialog that saves and shares: a link, a table, and a name in the store behind the service.

import { isSuperseded } from "./service.js";
import { download, linkOf, tableOf } from "./sharing.js";
import { counted } from "./words.js";

const at = (id) => document.getElementById(id);

/** Saves and shares the visitor's ratings; those that are kept under a name follow changes. */
export class Sharing {
  #name = null;
  #place;
  #ratings;
  #service;
  #dataset;

  /**
   * @param {string} dataset
   * @param {VisitorRatings} ratings
   * @param {Service} service
   * @param {boolean} hasStore whether lists can be kept.
   */
  constructor(dataset, ratings, service, hasStore) {
    this.#dataset = dataset;
    this.#ratings = ratings;
    this.#service = service;
    this.#place = `starcast.name.${dataset}`;
    at("keeping").hidden = !hasStore;
    at("share").addEventListener("click", () => this.#open());
    at("copy").addEventListener("click", () => this.#copy());
    at("download").addEventListener("click", () =>
      download("starcast-ratings.csv", tableOf(ratings.all)));
    if (!hasStore) return;
    this.#name = remembered(this.#place);
    at("keep").addEventListener("click", () => this.#try(() => this.#keep()));
    at("open-list").addEventListener("click", () => this.#try(() => this.#openList()));
    at("list-name").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // which would close the dialog
      at("keep").click();
    });
    ratings.addEventListener("change", ({ detail }) => this.#follow(detail));
  }

  #open() {
    at("link").value = linkOf(this.#dataset, this.#ratings.all);
    at("list-name").value = this.#name ?? "";
    this.#say(this.#name ? `Kept as “${this.#name}”; changes follow.` : "");
    at("sharing").showModal();
    at("link").select();
  }

  async #copy() {
    at("link").select();
    try {
      await navigator.clipboard.writeText(at("link").value);
      this.#say("Copied.");
    } catch {
      this.#say("Select the link and copy it."); // where the browser lets no page do it
    }
  }

  async #keep() {
    const name = at("list-name").value.trim();
    if (!name) return this.#say("Give a name.");
    if (name !== this.#name && (await this.#service.kept(name))) {
      return this.#say(`There is a list called “${name}” already: open it, or take another name.`);
    }
    await this.#service.keep(name, this.#ratings.all);
    this.#remember(name);
    return this.#say(`${counted(this.#ratings.all.length)} kept as “${name}”; changes follow.`);
  }

  async #openList() {
    const name = at("list-name").value.trim();
    const films = name ? await this.#service.kept(name) : null;
    if (!films) return this.#say(name ? `There is no list called “${name}”.` : "Give a name.");
    this.#name = null; // until it is there, nothing is written into it
    this.#ratings.take(films.reverse(), true);
    this.#remember(name);
    return this.#say(`${counted(films.length)} opened from “${name}”.`);
  }

  /** What changes here changes there; one who starts over leaves the list as it was. */
  async #follow(changed) {
    if (!this.#name) return;
    if (!changed && !this.#ratings.all.length) {
      this.#remember(null);
      return;
    }
    await this.#try(() => (changed
      ? this.#service.keepOne(this.#name, changed.item, changed.stars)
      : this.#service.keep(this.#name, this.#ratings.all)));
  }

  #remember(name) {
    this.#name = name;
    try {
      if (name) localStorage.setItem(this.#place, name);
      else localStorage.removeItem(this.#place);
    } catch {
      // a browser that keeps nothing: the name goes with the tab
    }
  }

  async #try(work) {
    try {
      await work();
    } catch (error) {
      if (isSuperseded(error) || error.code === "unknown_rating") return;
      this.#say(error.message);
      if (!at("sharing").open) at("notice").textContent = `Not kept: ${error.message}`;
    }
  }

  #say(text) {
    at("sharing-said").textContent = text;
  }
}

function remembered(place) {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}
