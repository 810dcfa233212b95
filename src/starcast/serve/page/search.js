// The search box: an editable combobox with a list, after the WAI-ARIA authoring practices 1.2.

import { isSuperseded } from "./service.js";
import { element } from "./element.js";
import { typeset } from "./titles.js";
import { words } from "./words.js";

const MOST = 8;

/** Finds films while the reader types; the focus stays in the box, an option is active. */
export class Search {
  #films = [];
  #active = -1;
  #service;
  #model;
  #onPick;
  #onCount;
  #onError;

  /**
   * @param {HTMLInputElement} box
   * @param {HTMLElement} list
   * @param {{service: Service, model: () => string, onPick: (film) => void,
   *     onCount: (n: number) => void, onError: (error: Error) => void}} wiring
   */
  constructor(box, list, { service, model, onPick, onCount, onError }) {
    this.box = box;
    this.list = list;
    this.#service = service;
    this.#model = model;
    this.#onPick = onPick;
    this.#onCount = onCount;
    this.#onError = onError;
    box.addEventListener("input", () => this.#find());
    box.addEventListener("keydown", (event) => this.#onKey(event));
    box.addEventListener("blur", () => this.#close());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    list.addEventListener("click", (event) => this.#onClick(event));
  }

  /** Search for a name as if the reader had typed it. */
  look(name) {
    this.box.value = name;
    this.box.focus();
    this.#find();
  }

  async #find() {
    const text = this.box.value.trim();
    if (!text) {
      this.#service.cancel("search");
      return this.#close();
    }
    try {
      this.#show(await this.#service.films(this.#model(), text, MOST));
    } catch (error) {
      if (!isSuperseded(error)) this.#onError(error);
    }
  }

  #show(films) {
    if (document.activeElement !== this.box) return; // the reader has gone on
    this.#films = films;
    const options = films.map((film, n) => {
      const attributes = { id: `found-${n}`, role: "option", "aria-selected": "false" };
      return element("li", attributes, ...typeset(film));
    });
    const nothing = element("li", { class: "nothing", role: "option", "aria-disabled": "true",
      "aria-selected": "false" }, `No ${words.one} of that name`);
    this.list.replaceChildren(...(films.length ? options : [nothing]));
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    this.#activate(-1);
    this.#onCount(films.length);
  }

  #close() {
    this.#films = [];
    this.list.hidden = true;
    this.list.replaceChildren();
    this.box.setAttribute("aria-expanded", "false");
    this.#activate(-1);
  }

  #activate(n) {
    this.list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = n;
    const option = n < 0 ? null : this.list.children[n];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.box.setAttribute("aria-activedescendant", option.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  #pick(film) {
    this.box.value = "";
    this.#close();
    this.#onPick(film);
  }

  #onClick(event) {
    const n = [...this.list.children].indexOf(event.target.closest("li"));
    if (this.#films[n]) this.#pick(this.#films[n]);
  }

  #onKey(event) {
    if (event.isComposing) return;
    const act = { ArrowDown: () => this.#move(1), ArrowUp: () => this.#move(-1),
      Enter: () => this.#choose(), Escape: () => this.#leave() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** To the next or previous option, and between the ends through the box itself. */
  #move(step) {
    if (!this.#films.length) {
      this.#find();
      return;
    }
    const places = this.#films.length + 1; // the box is place 0
    this.#activate(((this.#active + 1 + step + places) % places) - 1);
  }

  /** The active film, or the first where none is. */
  #choose() {
    const film = this.#films[Math.max(this.#active, 0)];
    if (film) this.#pick(film);
  }

  #leave() {
    if (this.list.hidden) this.box.value = "";
    this.#service.cancel("search");
    this.#close();
  }
}
