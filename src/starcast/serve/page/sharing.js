// Ratings as a link that holds them, and as a table.

const MARK = "#ratings=";
const SAFE = /^[\w.-]+$/;

/** The address of this page with the ratings in its fragment, which is sent to nobody. */
export function linkOf(dataset, ratings) {
  const told = ratings.map(({ item, stars }) => `${encodeURIComponent(item)}:${stars}`);
  const here = new URL(location.href);
  here.search = "";
  here.hash = `${MARK}${encodeURIComponent(dataset)}/${told.join(",")}`;
  return here.href;
}

/**
 * The ratings of a link.
 *
 * @param {string} hash of an address.
 * @returns {{dataset: string, ratings: {item: string, stars: number}[]}|null} null if it holds none.
 */
export function ratingsOf(hash) {
  if (!hash.startsWith(MARK)) return null;
  const [dataset, told = ""] = hash.slice(MARK.length).split("/");
  const pairs = told.split(",").map((pair) => pair.split(":"));
  const number = (text) => (text ? Number(text) : NaN); // a link may be cut off within a pair
  const ratings = pairs.map(([item, stars]) => ({ item: decoded(item), stars: number(stars) }));
  return { dataset: decoded(dataset), ratings: ratings.filter(isRating) };
}

/** A table of ratings that `Import` reads back, and so does a spreadsheet. */
export function tableOf(ratings) {
  const rows = ratings.map(({ item, title = "", stars }) => [item, inert(title), stars].map(cell));
  return ["item_id,title,rating", ...rows.map((row) => row.join(","))].join("\n") + "\n";
}

/** Let the reader save text as a file. */
export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function isRating({ item, stars }) {
  return item !== "" && Number.isFinite(stars);
}

/** A title that no spreadsheet takes for a formula. */
function inert(title) {
  return /^[=+@\t\r-]/.test(title) ? `'${title}` : title;
}

function cell(value) {
  const text = String(value);
  return SAFE.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text ?? "");
  } catch {
    return ""; // cut off, or no link of ours
  }
}
