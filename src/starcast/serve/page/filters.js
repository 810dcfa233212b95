// Which films are asked about and listed: of a genre, and of a time.

import { element } from "./element.js";
import { capital, words } from "./words.js";

const EARLIEST = 1950; // what is older is one choice

/** Two menus; says "change" when a choice does. */
export class Filters extends EventTarget {
  #genre;
  #time;

  /**
   * @param {HTMLFormElement} place
   * @param {string[]} genres of which films are.
   * @param {[number, number]|null} years of the first and the last film.
   */
  constructor(place, genres, years) {
    super();
    const all = [["", `All ${words.kind}s`], ...genres.map((one) => [one, one])];
    this.#genre = menu(capital(words.kind), all);
    this.#time = menu("Years", [["", "All years"], ...times(years)]);
    const shown = [genres.length > 1 && this.#genre, years && this.#time].filter(Boolean);
    place.append(...shown.map(({ label }) => label));
    place.hidden = !shown.length;
    place.addEventListener("submit", (event) => event.preventDefault());
    place.addEventListener("change", () => this.dispatchEvent(new Event("change")));
  }

  /** As the service takes it; null for all films. */
  get where() {
    const genre = this.#genre.select.value;
    const time = this.#time.select.value;
    const parts = genre ? [`genres = '${genre.replaceAll("'", "''")}'`] : [];
    return [...parts, ...(time ? [time] : [])].join(" and ") || null;
  }
}

function menu(name, choices) {
  const options = choices.map(([value, text]) => element("option", { value }, text));
  const select = element("select", {}, ...options);
  return { select, label: element("label", {}, element("span", { class: "unseen" }, name), select) };
}

/** Decades, the latest first, as a filter and its name. */
function times(years) {
  if (!years) return [];
  const [first, last] = years;
  const decades = [];
  for (let from = last - (last % 10); from >= Math.max(EARLIEST, first - (first % 10)); from -= 10) {
    decades.push([`year >= ${from} and year < ${from + 10}`, `${from}s`]);
  }
  if (first < EARLIEST) decades.push([`year < ${EARLIEST}`, `before ${EARLIEST}`]);
  return decades;
}
