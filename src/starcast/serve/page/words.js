// What items are called: films, products, and the like.

/** The words of this page: one and many, and with a capital letter One and Many. */
export const words = { one: "item", many: "items", One: "Item", Many: "Items" };

/** Take the words of a data set, and put them where the page waits for them. */
export function speak({ one, many }) {
  Object.assign(words, { one, many, One: capital(one), Many: capital(many) });
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
