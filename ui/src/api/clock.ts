/**
 * The server's time, as far as the page knows it, and one tick for everything that shows elapsed time.
 * Ticking never asks the server for anything.
 */

const TICK_MS = 250;

let offsetMs = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();
let shownAt = Date.now();

/** Take over the server's time from an answer that was just received. */
export const setServerTime = (at: number): void => {
  offsetMs = at - Date.now();
};

export const serverNow = (): number => Date.now() + offsetMs;

/** The time of the last tick: stable between ticks, as `useSyncExternalStore` needs it. */
export const tickedNow = (): number => shownAt + offsetMs;

export const subscribeTick = (tell: () => void): (() => void) => {
  listeners.add(tell);
  shownAt = Date.now();
  timer ??= setInterval(() => {
    shownAt = Date.now();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(tell);
    if (listeners.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  };
};

/** Milliseconds of an RFC 3339 timestamp; undefined for none. */
export const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);
