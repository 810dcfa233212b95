// What items are called: films, products, and the like.

const WATCHED = /^(film|movie|series|show|episode|video|play|anime)$/i;
const OF_GENRES = /^(book|novel|story|album|song|track|game|artist|podcast)$/i;

/**
 * The words of this page: one item and many, with a capital letter One and Many; what says that
 * somebody knows one, or does not; and what kinds of them are called.
 */
export const words = {
  one: "item", many: "items", One: "Item", Many: "Items",
  known: "Know it", unknown: "Don’t know", kind: "kind",
};

/** Take the words of a data set, and put them where the page waits for them. */
export function speak({ one, many }) {
  Object.assign(words, { one, many, One: capital(one), Many: capital(many) });
  if (WATCHED.test(one)) Object.assign(words, { known: "Seen it", unknown: "Haven’t seen" });
  if (WATCHED.test(one) || OF_GENRES.test(one)) words.kind = "genre";
  for (const place of document.querySelectorAll("[data-word]")) {
    place.textContent = words[place.dataset.word];
  }
}

/** "1 film", "3 films". */
export function counted(n) {
  return `${n.toLocaleString("en")} ${n === 1 ? words.one : words.many}`;
}

/** "a film", "an item". */
export function some() {
  return `${/^[aeiou]/i.test(words.one) ? "an" : "a"} ${words.one}`;
}

/** "Films" of "films". */
export function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
