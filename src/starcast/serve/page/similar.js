// A title that opens to where more of a film is told, and to films that a model holds for similar.

import { button, element } from "./element.js";
import { isSuperseded } from "./service.js";
import { parts, spoken, typeset } from "./titles.js";
import { words } from "./words.js";

const MOST = 6;
let opened = 0;

/** The title of a film as a button, and below it, when opened, films like it. */
export class Similar {
  #film;
  #desk;

  /**
   * @param {{item, title, links}} film
   * @param {{service: Service, model: () => string, onPick: (film) => void}} desk
   */
  constructor(film, desk) {
    this.#film = film;
    this.#desk = desk;
    opened += 1;
    const id = `like-${opened}`;
    const attributes = { class: "title", "aria-expanded": "false", "aria-controls": id };
    this.title = button("", attributes, () => this.#toggle());
    this.title.append(...typeset(film, element("span", { class: "arrow" })));
    this.panel = element("div", { class: "like", id, hidden: true });
    this.films = element("div");
    this.panel.append(...linked(film), this.films);
  }

  /** Ask again where the panel is open: another model may see it otherwise. */
  refresh() {
    if (!this.panel.hidden) this.#fill();
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
    const heading = `${words.Many} like ${parts(this.#film).name}`;
    const list = element("ul", { "aria-label": heading }, ...films.map((film) => this.#row(film)));
    const note = films.length ? `${words.Many} like it` : `No ${words.one} is like it`;
    this.films.replaceChildren(element("p", { class: "note" }, note), list);
  }

  #row(film) {
    const label = { "aria-label": `Rate ${spoken(film)}` };
    const name = button("", label, () => this.#desk.onPick(film));
    name.append(...typeset(film));
    return element("li", {}, name);
  }
}

/** Links to where more is told of a film, as a line. */
function linked({ links }) {
  const known = Object.entries(links ?? {});
  if (!known.length) return [];
  const anchors = known.map(([name, href]) =>
    element("a", { href, rel: "noreferrer", target: "_blank" }, name));
  return [element("p", { class: "links" }, ...anchors)];
}
