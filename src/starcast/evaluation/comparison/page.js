"use strict";
// Tables are sorted by whichever heading is pressed; without scripts they stand as they are.
{
  const DASH = "–";
  const text = (row, column) => row.cells[column].textContent.trim();
  const NUMBER = /-?\d[\d,]*(\.\d+)?(e[-+]?\d+)?/i; // the first in a cell, as 0.84 to 0.86
  const number = (said) => parseFloat((said.match(NUMBER) ?? [""])[0].replaceAll(",", ""));
  const isNumber = (said) => !said || said === DASH || /^[<≤]? ?-?\d/.test(said);

  const sort = (body, column, direction) => {
    const rows = [...body.rows];
    const inNumbers = rows.every((row) => isNumber(text(row, column)));
    const key = (row) => (inNumbers ? number(text(row, column)) : text(row, column));
    const isNothing = (one) => (inNumbers ? Number.isNaN(one) : one === "" || one === DASH);
    rows.sort((first, second) => {
      const [one, other] = [key(first), key(second)];
      const atEnd = isNothing(one) - isNothing(other); // whichever the direction
      if (atEnd || isNothing(one)) return atEnd;
      return direction * (inNumbers ? one - other : one.localeCompare(other, "en"));
    });
    body.append(...rows);
  };

  const makeSortable = (table, heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const goesUp = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", goesUp ? "ascending" : "descending");
      sort(table.tBodies[0], column, goesUp ? 1 : -1);
    });
  };

  for (const table of document.querySelectorAll("table")) {
    if (table.tBodies[0].rows.length < 2) continue;
    [...[...table.tHead.rows].at(-1).cells].forEach((heading, column) => {
      if (heading.textContent.trim()) makeSortable(table, heading, column);
    });
  }
}
