// Makes elements of the page.

/**
 * An element with its attributes and children.
 *
 * @param {string} tag
 * @param {Object<string, string|number|boolean|null>} attributes true is written without a value;
 *     false and null leave the attribute out.
 * @param {...(Node|string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A button that says `text` and calls `onPress`. */
export function button(text, attributes, onPress) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onPress);
  return made;
}
