// A film's title as it is set: the article in front, the year apart.

import { element } from "./element.js";

const YEAR = /^(.*?)\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$/;
const ALSO = /^(.+?)\s*((?:\([^()]*\)\s*)+)$/;
const ALIAS = /^a\.?k\.?a\.?:?\s*/i;
const ARTICLE = /^(.*), (The|A|An|Le|La|Les|L'|Il|Lo|I|El|Los|Las|Der|Die|Das|Den|Det|O|Un|Une)$/;

/**
 * Name, other name and year of "Matrix, The (1999)" or "Amelie (Fabuleux destin, Le) (2001)".
 *
 * @param {{item: string|number, title: string}} film without a title, its id is its name.
 * @returns {{name: string, also: string, year: string}} "" where there is none.
 */
export function parts(film) {
  const [, before, year] = YEAR.exec(film.title) ?? [null, film.title, ""];
  const [, name, also] = ALSO.exec(before) ?? [null, before, ""];
  const shown = inFront(name).replaceAll(" - ", "\u00a0– ");
  const others = [...also.matchAll(/\((.*?)\)/g)].map(([, other]) => other.replace(ALIAS, ""));
  return { name: shown || String(film.item), also: others.map(inFront).join(", "), year };
}

/** The title in one line, for labels: "The Matrix, 1999". */
export function spoken(film) {
  const { name, year } = parts(film);
  return year ? `${name}, ${year}` : name;
}

/** The title as nodes: the name, the year set apart, `beside` them, and the other name below. */
export function typeset(film, ...beside) {
  const { name, also, year } = parts(film);
  const nodes = [element("span", { class: "name" }, name)];
  if (year) nodes.push("\u00a0", element("span", { class: "year" }, year)); // never alone on a line
  for (const node of beside) nodes.push("\u00a0", node);
  if (also) nodes.push(" ", element("span", { class: "also" }, also));
  return nodes;
}

function inFront(name) {
  const [, rest, article] = (ARTICLE.exec(name) ?? [null, name, ""]).map((part) =>
    part?.replaceAll("'", "’"));
  if (!article) return rest;
  return article.endsWith("’") ? article + rest : `${article} ${rest}`;
}
