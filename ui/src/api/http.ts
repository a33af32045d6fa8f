/**
 * One way to the server: every request of the application goes through `request`.
 *
 * A refusal becomes an ApiError with the server's own sentence and the request's id. The session is a
 * cookie that scripts cannot read; the extra header says that the request comes from our own page.
 */

import { parseLossless } from "./json";

/** `status` 0: no answer came (offline, server down, or the request was cut). */
export class ApiError extends Error {
  readonly status: number;
  readonly requestId: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(status: number, message: string, requestId?: string, retryAfterS?: number) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.requestId = requestId;
    this.retryAfterS = retryAfterS;
  }
}

type Values = Record<string, string | number | boolean | undefined | null>;

export type Ask = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Values;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Keep whole numbers above 2^53 as BigInt. */
  lossless?: boolean;
  /** The same press of a button, also when it is sent again. */
  idempotencyKey?: string;
  /** An answer of 401 is about the words sent, not about the session. */
  isSignIn?: boolean;
};

let tellUnauthorized: () => void = () => {};
/** Say what happens when the session is over; the shell goes to sign-in. */
export const onUnauthorized = (tell: () => void): void => {
  tellUnauthorized = tell;
};

export const pathWith = (path: string, query: Values = {}): string => {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
  const text = search.toString();
  return `/api${path}${text ? `?${text}` : ""}`;
};

export const request = async <T>(path: string, ask: Ask = {}): Promise<T> => {
  const method = ask.method ?? "GET";
  const headers = new Headers({ Accept: "application/json" });
  if (method !== "GET") headers.set("X-Qanat-Request", "1");
  if (ask.body !== undefined) headers.set("Content-Type", "application/json");
  if (ask.idempotencyKey) headers.set("Idempotency-Key", ask.idempotencyKey);
  let response: Response;
  try {
    response = await fetch(pathWith(path, ask.query), {
      method,
      headers,
      body: ask.body === undefined ? null : JSON.stringify(ask.body),
      signal: ask.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "No answer from the server. It may be down or restarting.");
  }
  const text = await response.text();
  if (!response.ok) throw refused(response.status, response.headers, text, ask.isSignIn === true);
  try {
    return (ask.lossless ? parseLossless(text) : JSON.parse(text)) as T;
  } catch {
    throw new ApiError(response.status, "The server's answer is not JSON.", requestIdOf(response.headers));
  }
};

const requestIdOf = (headers: Headers): string | undefined => headers.get("X-Request-Id") ?? undefined;

/** An ApiError of an answer that is not 2xx; also tells the shell when the session is over. */
export const refused = (status: number, headers: Headers, text: string, isSignIn = false): ApiError => {
  if (status === 401 && !isSignIn) tellUnauthorized();
  let message = `The server answered ${status}.`;
  try {
    const body: unknown = JSON.parse(text);
    if (body && typeof body === "object" && "error" in body && typeof body.error === "string")
      message = body.error;
  } catch {
    // A proxy's own page; the status says enough.
  }
  const retry = Number(headers.get("Retry-After") ?? "");
  return new ApiError(status, message, requestIdOf(headers), retry > 0 ? retry : undefined);
};

export const get = <T>(path: string, query?: Values, signal?: AbortSignal): Promise<T> =>
  request<T>(path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });

export const post = <T>(
  path: string,
  body: unknown = {},
  ask: Omit<Ask, "method" | "body"> = {},
): Promise<T> => request<T>(path, { ...ask, method: "POST", body });

/** Whether trying the same again may help. */
export const isTransient = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);

/** Send a file and hear how far it is; `fetch` cannot tell. */
export const sendFile = <T>(
  path: string,
  query: Values,
  file: Blob,
  told: { progress: (share: number) => void; signal: AbortSignal },
): Promise<T> =>
  new Promise((resolve, reject) => {
    const ask = new XMLHttpRequest();
    ask.open("POST", pathWith(path, query));
    ask.setRequestHeader("X-Qanat-Request", "1");
    ask.upload.onprogress = (event) => told.progress(event.total > 0 ? event.loaded / event.total : 0);
    ask.onerror = () => reject(new ApiError(0, "The upload was cut off. Nothing was stored."));
    ask.onabort = () => reject(new DOMException("stopped", "AbortError"));
    ask.onload = () => {
      const headers = new Headers();
      const id = ask.getResponseHeader("X-Request-Id");
      if (id) headers.set("X-Request-Id", id);
      if (ask.status < 200 || ask.status > 299) reject(refused(ask.status, headers, ask.responseText));
      else resolve(JSON.parse(ask.responseText) as T);
    };
    told.signal.addEventListener("abort", () => ask.abort());
    ask.send(file);
  });
