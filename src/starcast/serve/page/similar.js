// A title that opens to the films a model holds for similar.

import { button, element } from "./element.js";
import { isSuperseded } from "./service.js";
import { parts, spoken, typeset } from "./titles.js";

const MOST = 6;
let opened = 0;

/** The title of a film as a button, and below it, when opened, films like it. */
export class Similar {
  #film;
  #desk;

  /**
   * @param {{item, title}} film
   * @param {{service: Service, model: () => string, onPick: (film) => void}} desk
   * @param {boolean} isKnown whether the reader can rate it elsewhere already.
   */
  constructor(film, desk, isKnown) {
    this.#film = film;
    this.#desk = desk;
    opened += 1;
    const id = `like-${opened}`;
    const attributes = { class: "title", "aria-expanded": "false", "aria-controls": id };
    this.title = button("", attributes, () => this.#toggle());
    this.title.append(...typeset(film, element("span", { class: "arrow" })));
    this.panel = element("div", { class: "like", id, hidden: true });
    this.films = element("div");
    this.panel.append(this.films);
    if (!isKnown) this.panel.prepend(this.#rateIt());
  }

  /** Ask again where the panel is open: another model may see it otherwise. */
  refresh() {
    if (!this.panel.hidden) this.#fill();
  }

  #rateIt() {
    const label = { class: "quiet", "aria-label": `I know it: rate ${spoken(this.#film)}` };
    return button("I know it: rate it", label, () => this.#desk.onPick(this.#film));
  }

  #toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.title.setAttribute("aria-expanded", String(!this.panel.hidden));
    this.refresh();
  }

  async #fill() {
    try {
      this.#show(await this.#desk.service.similar(this.#desk.model(), this.#film.item, MOST));
    } catch (error) {
      if (!isSuperseded(error)) {
        this.films.replaceChildren(element("p", { class: "note" }, error.message));
      }
    }
  }

  #show(films) {
    const heading = `Films like ${parts(this.#film).name}`;
    const list = element("ul", { "aria-label": heading }, ...films.map((film) => this.#row(film)));
    const note = films.length ? "Films like it, and how alike from −1 to 1" : "No film is like it";
    this.films.replaceChildren(element("p", { class: "note" }, note), list);
  }

  #row(film) {
    const likeness = film.similarity.toFixed(2).replace("-", "−");
    const attributes = { "aria-label": `Rate ${spoken(film)}, alike ${likeness}` };
    const name = button("", attributes, () => this.#desk.onPick(film));
    name.append(element("span", {}, ...typeset(film)), " ",
      element("span", { class: "figure" }, likeness));
    return element("li", {}, name);
  }
}
