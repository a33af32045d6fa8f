/**
 * Which rows of a result are on screen. Pure.
 *
 * A browser does not allow an element as high as ten million rows. So the height is capped and the scroll
 * position stands for a share of the way; the position in rows is kept beside it, so that wheel and keys move
 * by exact rows and only the thumb moves by proportion.
 */

export const ROW_HEIGHT = 28;
export const MOST_HEIGHT = 8_000_000; // pixels

export type View = { rowCount: number; height: number; rowHeight: number };

export const scrollHeightOf = ({ rowCount, rowHeight }: View): number =>
  Math.min(rowCount * rowHeight, MOST_HEIGHT);

export const isExact = ({ rowCount, rowHeight }: View): boolean => rowCount * rowHeight <= MOST_HEIGHT;

/** The greatest position: the last row stands at the lower edge. */
export const lastTop = ({ rowCount, height, rowHeight }: View): number =>
  Math.max(0, rowCount - height / rowHeight);

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Where the scroll bar stands → the position of the upper edge, in rows. */
export const topOf = (scrollTop: number, view: View): number => {
  if (isExact(view)) return clamp(scrollTop / view.rowHeight, 0, lastTop(view));
  const way = scrollHeightOf(view) - view.height;
  return way <= 0 ? 0 : clamp(scrollTop / way, 0, 1) * lastTop(view);
};

/** The position of the upper edge, in rows → where the scroll bar stands. */
export const scrollTopOf = (top: number, view: View): number => {
  if (isExact(view)) return top * view.rowHeight;
  const last = lastTop(view);
  return last === 0 ? 0 : (top / last) * (scrollHeightOf(view) - view.height);
};

export const moved = (top: number, rows: number, view: View): number => clamp(top + rows, 0, lastTop(view));

/** The rows to draw, first to last (not included), and how far the first stands above the edge. */
export const windowOf = (
  top: number,
  view: View,
  spare = 4,
): { first: number; last: number; shift: number } => {
  const first = Math.max(0, Math.floor(top) - spare);
  const last = Math.min(view.rowCount, Math.ceil(top + view.height / view.rowHeight) + spare);
  return { first, last, shift: (first - top) * view.rowHeight };
};

/** The position that shows `row` whole, moving as little as it can. */
export const topShowing = (row: number, top: number, view: View): number => {
  const shown = Math.floor(view.height / view.rowHeight);
  if (row < top) return row;
  if (row + 1 > top + view.height / view.rowHeight) return clamp(row - shown + 1, 0, lastTop(view));
  return top;
};
