/** Widths of columns that a person set, kept in this browser under a name. The others fit their first rows. */

export type Widths = Readonly<Record<string, number>>;
type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export const LEAST = 40; // pixels
export const MOST = 1_200; // pixels
export const STEP = 16; // pixels a press of a key
const MOST_NAMES = 500; // columns of one result that are remembered

export const bounded = (width: number): number => Math.round(Math.max(LEAST, Math.min(MOST, width)));

/** The width of each column: the set one, else the one that fits. */
export const widthsOf = (names: readonly string[], fitted: readonly number[], set: Widths): number[] =>
  names.map((name, index) => set[name] ?? fitted[index] ?? LEAST);

/** `set` with another width of a column; undefined lets it fit its rows again. */
export const withWidth = (set: Widths, name: string, width: number | undefined): Widths => {
  const others = Object.entries(set).filter(([one]) => one !== name);
  return Object.fromEntries(width === undefined ? others : [...others, [name, bounded(width)]]);
};

const keyOf = (name: string) => `widths.${name}`;

/** What was kept; nothing, if it is not there or not ours. */
export const readWidths = (store: Kept, name: string): Widths => {
  try {
    const found: unknown = JSON.parse(store.getItem(keyOf(name)) ?? "{}");
    if (typeof found !== "object" || found === null) return {};
    return Object.fromEntries(
      Object.entries(found).flatMap(([column, width]) =>
        typeof width === "number" && Number.isFinite(width) ? [[column, bounded(width)]] : [],
      ),
    );
  } catch {
    return {};
  }
};

export const keepWidths = (store: Kept, name: string, set: Widths): void => {
  const newest = Object.entries(set).slice(-MOST_NAMES);
  if (newest.length === 0) store.removeItem(keyOf(name));
  else store.setItem(keyOf(name), JSON.stringify(Object.fromEntries(newest)));
};
