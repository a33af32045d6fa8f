import { expect, test } from "vitest";
import type { Position, Widget } from "../../api/dashboards";
import { COLUMNS, compact, freePlace, inReadingOrder, moved, stepped } from "./place";

const widget = (id: number, col: number, row: number, width: number, height: number): Widget => ({
  kind: "text",
  id,
  text: "",
  position: { col, row, width, height },
});
const board = [widget(1, 0, 0, 3, 4), widget(2, 3, 0, 3, 4), widget(3, 0, 4, 6, 4)];

const isSound = (widgets: readonly Widget[]) => {
  for (const { position } of widgets) {
    expect(position.col).toBeGreaterThanOrEqual(0);
    expect(position.col + position.width).toBeLessThanOrEqual(COLUMNS);
    expect(position.row).toBeGreaterThanOrEqual(0);
  }
  for (const [index, a] of widgets.entries())
    for (const b of widgets.slice(index + 1)) {
      const [p, q] = [a.position, b.position];
      const isApart =
        p.col + p.width <= q.col ||
        q.col + q.width <= p.col ||
        p.row + p.height <= q.row ||
        q.row + q.height <= p.row;
      expect(isApart).toBe(true);
    }
};

test("nothing overlaps and nothing is lost, wherever a widget goes", () => {
  for (let col = -2; col < 9; col += 1)
    for (let row = -1; row < 12; row += 2)
      for (const width of [0, 2, 6, 9]) {
        const next = moved(board, 2, { col, row, width, height: 3 });
        expect(next.map((one) => one.id).sort()).toEqual([1, 2, 3]);
        isSound(next);
      }
});

test("what is covered goes down, and no empty rows stay above", () => {
  const next = moved(board, 2, { col: 0, row: 0, width: 3, height: 4 });
  const rowOf = (id: number) => next.find((one) => one.id === id)?.position.row;
  expect([rowOf(2), rowOf(1), rowOf(3)]).toEqual([0, 4, 8]);
  expect(compact([widget(1, 0, 9, 2, 2)])[0]?.position.row).toBe(0);
});

test("a new widget takes the first free place", () => {
  expect(freePlace(board, 3, 4)).toEqual({ row: 8, col: 0, width: 3, height: 4 });
  expect(freePlace([widget(1, 0, 0, 3, 4)], 3, 2)).toEqual({ row: 0, col: 3, width: 3, height: 2 });
});

test("arrows move a widget, with Shift they change its size, other keys do nothing", () => {
  const at: Position = { row: 4, col: 1, width: 2, height: 3 };
  expect(stepped(at, "ArrowRight", false)).toEqual({ ...at, col: 2 });
  expect(stepped(at, "ArrowDown", false)).toEqual({ ...at, row: 7 });
  expect(stepped(at, "ArrowDown", true)).toEqual({ ...at, height: 4 });
  expect(stepped(at, "a", false)).toBeUndefined();
});

test("they are read row by row from the left, whatever order they are kept in", () => {
  const kept = [widget(1, 0, 4, 6, 4), widget(2, 3, 0, 3, 4), widget(3, 0, 0, 3, 4)];
  expect(inReadingOrder(kept).map((one) => one.id)).toEqual([3, 2, 1]);
  expect(kept.map((one) => one.id)).toEqual([1, 2, 3]);
});
