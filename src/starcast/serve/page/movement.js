// How one model's list differs from another's.

/**
 * Where each item stands in a list: item to {place, stars}, the best being 1.
 *
 * @param {{item, stars: number}[]} recommendations
 */
export function places(recommendations) {
  return new Map(recommendations.map(({ item, stars }, n) => [item, { place: n + 1, stars }]));
}

/** "▲ 3" for an item that stands three places higher than there; "new" beyond `shown` places. */
export function mark(place, there, shown) {
  if (!there || there.place > shown) return "new";
  const climbed = there.place - place;
  if (climbed === 0) return "=";
  return `${climbed > 0 ? "▲" : "▼"} ${Math.abs(climbed)}`;
}

/** The same in words: "Deep network puts it 4th, with 4.31 stars". */
export function words(title, there, known) {
  if (!there) return `${title} has it beyond its first ${known}`;
  return `${title} puts it ${ordinal(there.place)}, with ${there.stars.toFixed(2)} stars`;
}

/** "1st", "2nd", "13th". */
export function ordinal(n) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" };
  return n + ending[new Intl.PluralRules("en", { type: "ordinal" }).select(n)];
}
