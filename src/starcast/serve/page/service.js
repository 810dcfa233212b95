// The service behind the page: one request at a time for each purpose, and its errors in words.

const TOKEN = "starcast.token";
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

  /** Films that match `text`, best first; the most rated ones for "". */
  films(model, text, limit, purpose = "search") {
    const query = new URLSearchParams({ model, query: text, limit });
    return this.#ask(purpose, `items?${query}`).then((answer) => answer.items);
  }

  recommendations(purpose, model, ratings, k, reasons) {
    const given = ratings.map(({ item, stars }) => ({ item, stars }));
    const body = { model, k, reasons, ratings: given };
    return this.#ask(purpose, "recommendations", body).then((answer) => answer.recommendations);
  }

  similar(model, item, k) {
    const path = `items/${encodeURIComponent(item)}/similar?${new URLSearchParams({ model, k })}`;
    return this.#ask(`similar ${item}`, path).then((answer) => answer.similar);
  }

  /** Gives up what is under way for a purpose. */
  cancel(purpose) {
    this.#underWay.get(purpose)?.abort();
  }

  async #ask(purpose, path, body = null) {
    this.cancel(purpose);
    const controller = new AbortController();
    this.#underWay.set(purpose, controller);
    const sent = sessionStorage.getItem(TOKEN);
    let response = await send(path, body, sent, controller.signal);
    for (let token = sent; response.status === 401;) {
      token = await this.#newToken(token);
      response = await send(path, body, token, controller.signal);
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

/** Whether an error only means that a newer request has taken over. */
export function isSuperseded(error) {
  return error.name === "AbortError";
}

async function send(path, body, token, signal) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const request = { method: body ? "POST" : "GET", headers, signal };
  if (body) request.body = JSON.stringify(body);
  return reach(() => fetch(path, request), signal);
}

async function answer(response, signal) {
  const content = await reach(() => response.json(), signal);
  if (response.ok) return content;
  const { code = "failed", message } = content.error ?? {};
  throw new ServiceError(code, message ?? `The service answered with status ${response.status}.`);
}

async function reach(attempt, signal) {
  try {
    return await attempt();
  } catch (error) {
    if (signal.aborted || isSuperseded(error)) throw new DOMException("superseded", "AbortError");
    throw new ServiceError("unreachable", SILENT);
  }
}
