// Lists that a visitor brings along: what was found is rated, the rest is fixed by hand.

import { button, element } from "./element.js";
import { isSuperseded } from "./service.js";
import { written } from "./stars.js";
import { spoken } from "./titles.js";
import { capital, counted } from "./words.js";

/** Takes files from a button or dropped on the page, and tells what became of them. */
export class Import {
  #desk;
  #place;

  /**
   * @param {HTMLElement} place where it is told.
   * @param {HTMLInputElement} file
   * @param {HTMLButtonElement} opens the choice of a file.
   * @param {{service: Service, model: () => string, ratings: VisitorRatings,
   *     onError: (error: Error, again: () => void) => void,
   *     onFind: (name: string, stars: number) => void}} desk
   */
  constructor(place, file, opens, desk) {
    this.#place = place;
    this.#desk = desk;
    opens.addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      this.#take(file.files[0]);
      file.value = ""; // the same file may be chosen again
    });
    this.#listenToDrops();
  }

  /** Take ratings from text, such as those of a link; gives back what was found, or null. */
  async read(name, content) {
    const { service, model, onError } = this.#desk;
    try {
      return await service.imports(model(), name, content);
    } catch (error) {
      if (!isSuperseded(error)) onError(error, () => this.#take(new File([content], name)));
      return null;
    }
  }

  async #take(file) {
    if (!file) return;
    const said = await this.read(file.name, file);
    if (!said) return;
    this.#desk.ratings.take(said.found);
    this.#tell(file.name, said);
  }

  #listenToDrops() {
    const isFile = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      if (!isFile(event)) return;
      event.preventDefault();
      this.#take(event.dataTransfer.files[0]);
    });
  }

  #tell(name, { found, not_found: lost, notes }) {
    const close = button("×", { class: "take-back", "aria-label": "Close" }, () => this.#close());
    const unsure = found.filter(({ is_sure: isSure }) => !isSure);
    this.#place.replaceChildren(close,
      element("p", {}, `${counted(found.length)} rated from ${name}.`),
      ...notes.map((note) => element("p", { class: "note" }, `${capital(note)}.`)),
      ...this.#listed("Taken for the same", unsure, (film) => this.#doubtful(film)),
      ...this.#listed("Not found", lost, (film) => this.#missing(film)));
    this.#place.hidden = false;
    this.#place.focus();
  }

  #listed(heading, films, row) {
    if (!films.length) return [];
    const list = element("ul", { "aria-label": heading }, ...films.map(row));
    return [element("h3", {}, `${heading} (${films.length})`), list];
  }

  #doubtful(film) {
    const row = element("li", {}, `${film.given} is ${spoken(film)} `);
    row.append(button("no", { class: "quiet", "aria-label": `${film.given} is not that` }, () => {
      this.#desk.ratings.rate(film, null);
      row.replaceWith(this.#missing({ ...film, near: [] }));
    }));
    return row;
  }

  #missing({ given, stars, near }) {
    const row = element("li", {}, `${given}, ${written(stars)} `);
    const rate = (film) => {
      this.#desk.ratings.rate(film, stars);
      row.remove();
    };
    for (const film of near) {
      const label = `${given} is ${spoken(film)}`;
      row.append(button(spoken(film), { class: "quiet", "aria-label": label }, () => rate(film)), " ");
    }
    const search = () => {
      this.#desk.onFind(given, stars);
      row.remove();
    };
    row.append(button("search", { class: "quiet", "aria-label": `Search ${given}` }, search));
    return row;
  }

  #close() {
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }
}
