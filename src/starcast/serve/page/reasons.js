// Why a film is on the list, in the visitor's own stars.

import { element } from "./element.js";
import { written } from "./stars.js";
import { parts } from "./titles.js";

const WORTH = { stars: 0.04, share: 0.15 }; // effects below are not worth a line
const BESIDE = 0.4; // of the strongest: weaker ones are not worth a place beside it
const AGAINST = 0.6;
const SHORT = 0.5; // stars below the usual from where on a film was given "only" so many
const [FOR_IT, AGAINST_IT] = [2, 1];

/**
 * "Because you gave Fargo 5 and Heat 4.5, though you gave Clue only 2", as nodes.
 *
 * @param {{item, title, stars, effect: number, unit: string}[]} reasons
 * @param {number} usual the stars that the visitor usually gives.
 */
export function why(reasons, usual) {
  const strongest = Math.max(0, ...reasons.map(({ effect }) => Math.abs(effect)));
  const counts = (share) => ({ effect, unit }) =>
    Math.abs(effect) >= Math.max(WORTH[unit] ?? 0, share * strongest);
  // That people who saw this saw that, too, is no reason for one who disliked it.
  const isOdd = ({ stars, unit }) => unit === "share" && stars < usual - SHORT;
  const speaking = reasons.filter((one) => one.effect > 0 && !isOdd(one)).filter(counts(BESIDE));
  const objecting = reasons.filter(({ effect }) => effect < 0).filter(counts(AGAINST));
  const lead = listed(speaking.slice(0, FOR_IT), usual);
  if (!lead.length) return [];
  const but = listed(objecting.slice(0, AGAINST_IT), usual);
  return ["Because you gave ", ...lead, ...(but.length ? [", though you gave ", ...but] : [])];
}

function listed(reasons, usual) {
  return reasons.flatMap((reason, n) => [n ? " and " : "", ...told(reason, usual)]);
}

function told({ item, title, stars }, usual) {
  const name = element("span", { class: "named" }, parts({ item, title }).name);
  const given = `${stars < usual - SHORT ? "only " : ""}${written(stars)}`;
  return [name, element("span", { class: "given" }, `\u00a0${given}`)];
}
