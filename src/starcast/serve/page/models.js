// The switch between the loaded models, and which other one is set beside it.

import { element } from "./element.js";

const FIGURES = /^(RMSE|NDCG@\d+)$/; // of ratings, and of lists
const COUNT = new Intl.NumberFormat("en");

/** Which model forecasts, and which one it is compared with; says "change" when that changes. */
export class ModelSwitch extends EventTarget {
  #models;
  #other = null;

  /**
   * @param {HTMLElement} place
   * @param {object[]} models as the service gives them, one of them the default.
   */
  constructor(place, models) {
    super();
    this.place = place;
    this.chosen = models.find((model) => model.is_default) ?? models[0];
    this.#models = models.filter((model) => model.dataset === this.chosen.dataset);
    this.facts = element("p", { class: "facts" });
    if (this.#models.length > 1) place.append(this.#choices());
    place.append(this.facts);
    if (this.#models.length > 1) place.append(this.#beside());
    place.hidden = false;
    place.addEventListener("submit", (event) => event.preventDefault());
    this.#tell();
  }

  /** "Learned from 100,836 ratings by 610 people (ml-latest-small)." */
  get source() {
    const { n_ratings, n_users, dataset } = this.chosen;
    const [ratings, people] = [n_ratings, n_users].map((n) => COUNT.format(n));
    return `Learned from ${ratings} ratings by ${people} people (${dataset}).`;
  }

  /** The model set beside the chosen one, or null. */
  get other() {
    return this.#other;
  }

  #choices() {
    const group = element("fieldset", {}, element("legend", {}, "Model"));
    for (const model of this.#models) {
      const checked = model === this.chosen;
      const radio = element("input", { type: "radio", name: "model", value: model.name, checked });
      radio.addEventListener("change", () => this.#choose(model));
      group.append(element("label", {}, radio, element("span", {}, model.title)));
    }
    return group;
  }

  #beside() {
    this.select = element("select", { id: "beside" });
    this.select.addEventListener("change", () => this.#compare(this.select.value));
    this.#offer();
    const label = element("label", { for: "beside" }, "Compare with");
    return element("p", { class: "beside" }, label, " ", this.select);
  }

  /** Whoever switches wants to see what changes: the model before is set beside the new one. */
  #choose(model) {
    this.#other = this.chosen;
    this.chosen = model;
    this.#offer();
    this.#tell();
    this.dispatchEvent(new Event("change"));
  }

  #compare(name) {
    this.#other = this.#models.find((model) => model.name === name) ?? null;
    this.dispatchEvent(new Event("change"));
  }

  #offer() {
    const others = this.#models.filter((model) => model !== this.chosen);
    const options = others.map(({ name, title }) => element("option", { value: name }, title));
    this.select.replaceChildren(element("option", { value: "" }, "no other model"), ...options);
    this.select.value = this.#other?.name ?? "";
  }

  #tell() {
    const { title, formula, test } = this.chosen;
    const name = this.#models.length > 1 ? [] : [element("strong", {}, title), " "];
    const tested = Object.keys(test ?? {}).filter((name) => FIGURES.test(name) && Number.isFinite(test[name]));
    const figures = tested.map((figure) => `${figure}\u00a0${test[figure].toFixed(3)}`).join(", ");
    const shown = element("span", { class: "formula" }, ...typeset(formula));
    this.facts.replaceChildren(...name, shown, " ", element("span", {}, figures && `test ${figures}`));
  }
}

/** "p_u · q_i" with its indices set as such, and real signs for minus and prime. */
function typeset(formula) {
  const signed = formula.replace(/(\d)-/g, "$1−").replaceAll("'", "′");
  return signed.split(/_(\w+)/).map((part, n) => (n % 2 ? element("sub", {}, part) : part));
}
