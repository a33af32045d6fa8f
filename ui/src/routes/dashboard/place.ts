/** Where widgets stand on a grid of six columns. Pure: nothing overlaps, whatever is moved. */

import type { Position, Widget } from "../../api/dashboards";

export const COLUMNS = 6;
export const MOST_HEIGHT = 24;

const overlaps = (a: Position, b: Position): boolean =>
  a.col < b.col + b.width && b.col < a.col + a.width && a.row < b.row + b.height && b.row < a.row + a.height;

const within = (position: Position): Position => {
  const width = Math.min(COLUMNS, Math.max(1, Math.round(position.width)));
  return {
    width,
    height: Math.min(MOST_HEIGHT, Math.max(1, Math.round(position.height))),
    col: Math.min(COLUMNS - width, Math.max(0, Math.round(position.col))),
    row: Math.max(0, Math.round(position.row)),
  };
};

const byPlace = (a: Widget, b: Widget): number =>
  a.position.row - b.position.row || a.position.col - b.position.col || a.id - b.id;

/** Row by row, from the left: how they are read, and how they follow where there is room for one column. */
export const inReadingOrder = (widgets: readonly Widget[]): Widget[] => [...widgets].sort(byPlace);

/** The widgets with `id` at `wanted`; what it covers goes down, and no empty rows are left above. */
export const moved = (widgets: readonly Widget[], id: number, wanted: Position): Widget[] => {
  const target = within(wanted);
  const others = widgets.filter((widget) => widget.id !== id).sort(byPlace);
  const own = widgets.find((widget) => widget.id === id);
  return compact(own ? [{ ...own, position: target }, ...others] : others);
};

/** Every widget as high as it can stand; earlier ones of the list keep their row and push others down. */
export const compact = (widgets: readonly Widget[]): Widget[] => {
  const placed: Widget[] = [];
  const [first, ...rest] = widgets;
  const order = first ? [first, ...rest] : [];
  for (const widget of order) {
    let position = within(widget.position);
    while (placed.some((one) => overlaps(one.position, position)))
      position = { ...position, row: position.row + 1 };
    placed.push({ ...widget, position });
  }
  // Then up, in the order of where they stand now.
  const risen: Widget[] = [];
  for (const widget of placed.sort(byPlace)) {
    let { position } = widget;
    while (
      position.row > 0 &&
      !risen.some((one) => overlaps(one.position, { ...position, row: position.row - 1 }))
    )
      position = { ...position, row: position.row - 1 };
    risen.push({ ...widget, position });
  }
  return risen;
};

/** The first free place for something of this size, below everything if need be. */
export const freePlace = (widgets: readonly Widget[], width: number, height: number): Position => {
  for (let row = 0; ; row += 1)
    for (let col = 0; col + width <= COLUMNS; col += 1) {
      const position = { row, col, width, height };
      if (!widgets.some((widget) => overlaps(widget.position, position))) return position;
    }
};

/** A key press on a widget: arrows move it, with Shift they change its size. */
export const stepped = (position: Position, key: string, isShift: boolean): Position | undefined => {
  const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [];
  if (x === undefined || y === undefined) return undefined;
  return isShift
    ? { ...position, width: position.width + x, height: position.height + y }
    : { ...position, col: position.col + x, row: position.row + (y > 0 ? position.height : y) };
};
