// The service behind the page: one request at a time for each purpose, and its errors in words.

import { spoken } from "./titles.js";

const TOKEN = "starcast.token";
const MOST = 1000; // ratings or items that the service takes at once
const SILENT = "The service does not answer. Your ratings are kept; try again in a moment.";

/** A request that failed, with a line for the reader. */
export class ServiceError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Asks the service. A newer request for the same purpose cancels the one before it. */
export class Service {
  #underWay = new Map();
  #asking = null;
  #askForToken;

  /** @param {(refused: boolean) => Promise<string|null>} askForToken null if there is none. */
  constructor(askForToken) {
    this.#askForToken = askForToken;
  }

  models() {
    return this.#ask("models", "models").then((answer) => answer.models);
  }

  /** What the page is to know of the data: words, genres, years, whether there is a store. */
  settings() {
    return this.#ask("settings", "page.json");
  }

  /** Films that match `text`, best first. */
  films(model, text, limit) {
    const query = new URLSearchParams({ model, query: text, limit });
    return this.#ask("search", `items?${query}`).then((answer) => answer.items);
  }

  /** Films to ask about, those that tell most about a taste first. */
  suggestions(model, ratings, without, k, where) {
    const body = { model, k, ratings: given(ratings), without: without.slice(-MOST), where };
    return this.#ask("suggestions", "suggestions", body).then((answer) => answer.suggestions);
  }

  /**
   * A list for the ratings.
   *
   * @param {string} purpose
   * @param {{model: string, ratings: object[], k: number, reasons: number, where: string|null,
   *     without: Array}} wanted
   * @returns {Promise<{recommendations: object[], usual: number, mark: number}>}
   */
  async recommendations(purpose, { model, ratings, k, reasons = 0, where = null, without = [] }) {
    const body = { model, k, reasons, ratings: given(ratings), details: true, only_liked: true };
    if (where) body.where = where;
    const unwanted = without.length ? { without: without.slice(-MOST) } : {};
    try {
      return await this.#ask(purpose, "recommendations", { ...body, ...unwanted });
    } catch (error) {
      if (!without.length || error.code !== "unknown_item" || inWords(error, ratings) !== error) {
        throw error;
      }
      return this.#ask(purpose, "recommendations", body); // a newer model knows none of these
    }
  }

  /** What the model knows of a list of ratings, a file or text. */
  imports(model, name, content) {
    const path = `imports?${new URLSearchParams({ model, name: name.slice(-100) })}`;
    return this.#ask("import", path, content, "POST");
  }

  /** A list that is kept under a name: [{item, title, stars}]; null if there is none. */
  async kept(name) {
    try {
      const path = `users/${encodeURIComponent(name)}/ratings?limit=${MOST}`;
      return (await this.#ask("kept", path)).ratings;
    } catch (error) {
      if (error.code === "unknown_user") return null;
      throw error;
    }
  }

  /** Keep ratings under a name, as many at once as the service takes. */
  async keep(name, ratings) {
    for (let at = 0; at < ratings.length; at += MOST) {
      const some = given(ratings.slice(at, at + MOST));
      await this.#ask("keep", "ratings", { ratings: some.map((one) => ({ ...one, user: name })) });
    }
  }

  /** Keep a rating under a name, or take it back where stars are null. */
  keepOne(name, item, stars) {
    const path = `users/${encodeURIComponent(name)}/ratings/${encodeURIComponent(item)}`;
    const purpose = `keep ${item}`;
    if (stars === null) return this.#ask(purpose, path, null, "DELETE");
    return this.#ask(purpose, path, { stars }, "PUT");
  }

  similar(model, item, k) {
    const path = `items/${encodeURIComponent(item)}/similar?${new URLSearchParams({ model, k })}`;
    return this.#ask(`similar ${item}`, path).then((answer) => answer.similar);
  }

  /** Gives up what is under way for a purpose. */
  cancel(purpose) {
    this.#underWay.get(purpose)?.abort();
  }

  async #ask(purpose, path, body = null, method = body === null ? "GET" : "POST") {
    this.cancel(purpose);
    const controller = new AbortController();
    this.#underWay.set(purpose, controller);
    const sent = sessionStorage.getItem(TOKEN);
    const request = { path, method, body, signal: controller.signal };
    let response = await send(request, sent);
    for (let token = sent; response.status === 401;) {
      token = await this.#newToken(token);
      response = await send(request, token);
    }
    return answer(response, controller.signal);
  }

  /** A token other than the refused one; several requests ask the reader only once. */
  async #newToken(refused) {
    const known = sessionStorage.getItem(TOKEN);
    if (known && known !== refused) return known;
    this.#asking ??= this.#askForToken(Boolean(refused)).finally(() => (this.#asking = null));
    const token = await this.#asking;
    if (!token) throw new ServiceError("unauthorized", "The service answers only with a token.");
    sessionStorage.setItem(TOKEN, token);
    return token;
  }
}

/** The same error, naming the film that a newer model no longer knows, if that is what it says. */
export function inWords(error, ratings) {
  const film = ratings.find(({ item }) => error.message.includes(`'${item}'`));
  if (error.code !== "unknown_item" || !film) return error;
  const said = `The model does not know ${spoken(film)}; take it back to go on.`;
  return new ServiceError(error.code, said);
}

/** Whether an error only means that a newer request has taken over. */
export function isSuperseded(error) {
  return error.name === "AbortError";
}

async function send({ path, method, body, signal }, token) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const isPlain = body === null || typeof body === "string" || body instanceof Blob;
  if (body !== null) headers["Content-Type"] = isPlain ? "text/plain" : "application/json";
  const sent = isPlain ? body : JSON.stringify(body);
  return reach(() => fetch(path, { method, headers, signal, body: sent }), signal);
}

/** The ratings as they are sent: the newest, as many as the service takes. */
function given(ratings) {
  return ratings.slice(-MOST).map(({ item, stars }) => ({ item, stars }));
}

async function answer(response, signal) {
  const content = await reach(() => response.json(), signal);
  if (response.ok) return content;
  const { code = "failed", message } = content.error ?? {};
  throw new ServiceError(code, message ?? `The service answered with status ${response.status}.`);
}

let waiting = 0; // for how many answers

/** Marks the page while an answer is awaited, so that what is shown can be told from what is due. */
function wait(more) {
  waiting += more;
  document.documentElement.toggleAttribute("data-waiting", waiting > 0);
}

async function reach(attempt, signal) {
  wait(1);
  try {
    return await attempt();
  } catch (error) {
    if (signal.aborted || isSuperseded(error)) throw new DOMException("superseded", "AbortError");
    throw new ServiceError("unreachable", SILENT);
  } finally {
    wait(-1);
  }
}
