/**
 * Rows by pages: which to ask for, which to give up, which to keep. Requests wait until scrolling rests and
 * are at most three at once; one whose page left the window is aborted.
 */

export const PAGE_ROWS = 500;
export const REST_MS = 60;
export const MOST_AT_ONCE = 3;
export const MOST_KEPT = 60; // pages

export const pagesOf = (first: number, last: number, size = PAGE_ROWS): number[] => {
  if (last <= first) return [];
  const from = Math.floor(first / size);
  return Array.from({ length: Math.floor((last - 1) / size) - from + 1 }, (_, index) => from + index);
};

/** What to start and what to abort, given what is wanted now; nearest first. */
export const decide = (
  wanted: readonly number[],
  kept: ReadonlySet<number>,
  asked: ReadonlySet<number>,
): { start: number[]; abort: number[] } => {
  const abort = [...asked].filter((page) => !wanted.includes(page));
  const free = MOST_AT_ONCE - (asked.size - abort.length);
  const start = wanted.filter((page) => !kept.has(page) && !asked.has(page)).slice(0, Math.max(0, free));
  return { start, abort };
};

export type LoadPage<T> = (
  at: { offset: number; limit: number },
  signal: AbortSignal,
) => Promise<{ rows: T[]; total: number }>;

export class Pages<T> {
  readonly #load: LoadPage<T>;
  readonly #tell: () => void;
  readonly #kept = new Map<number, T[]>(); // in the order of their last use
  readonly #asked = new Map<number, AbortController>();
  #wanted: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  total: number | undefined;
  error: unknown;

  constructor(load: LoadPage<T>, tell: () => void) {
    this.#load = load;
    this.#tell = tell;
  }

  row(index: number): T | undefined {
    return this.#kept.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  get firstPage(): T[] {
    return this.#kept.get(0) ?? [];
  }

  get inFlight(): number {
    return this.#asked.size;
  }

  /** Say which rows are on screen; pages are asked for once this rests. */
  want(first: number, last: number, restMs = REST_MS): void {
    this.#wanted = pagesOf(first, last);
    for (const page of this.#wanted) {
      const rows = this.#kept.get(page);
      if (!rows) continue;
      this.#kept.delete(page);
      this.#kept.set(page, rows);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#step(), restMs);
  }

  retry(): void {
    this.error = undefined;
    this.#step();
    this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const abort of this.#asked.values()) abort.abort();
    this.#asked.clear();
  }

  #step(): void {
    if (this.error !== undefined) return;
    const { start, abort } = decide(this.#wanted, new Set(this.#kept.keys()), new Set(this.#asked.keys()));
    for (const page of abort) {
      this.#asked.get(page)?.abort();
      this.#asked.delete(page);
    }
    for (const page of start) void this.#ask(page);
  }

  async #ask(page: number): Promise<void> {
    const controller = new AbortController();
    this.#asked.set(page, controller);
    try {
      const { rows, total } = await this.#load(
        { offset: page * PAGE_ROWS, limit: PAGE_ROWS },
        controller.signal,
      );
      if (controller.signal.aborted) return;
      this.#kept.set(page, rows);
      this.total = total;
      for (const oldest of this.#kept.keys()) {
        if (this.#kept.size <= MOST_KEPT) break;
        if (!this.#wanted.includes(oldest)) this.#kept.delete(oldest);
      }
    } catch (error) {
      if (controller.signal.aborted) return;
      this.error = error;
    }
    this.#asked.delete(page);
    this.#step();
    this.#tell();
  }
}
