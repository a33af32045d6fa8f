import { expect, test } from "vitest";
import { keepWidths, LEAST, MOST, readWidths, widthsOf, withWidth } from "./widths";

const store = () => {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  };
};

test("a width that was set goes before the one that fits", () => {
  expect(widthsOf(["a", "b", "c"], [60, 70], { b: 200 })).toEqual([60, 200, LEAST]);
});

test("a width stays within what can be read and grabbed", () => {
  expect(withWidth({}, "a", 3)).toEqual({ a: LEAST });
  expect(withWidth({}, "a", 99_999)).toEqual({ a: MOST });
  expect(withWidth({ a: 90, b: 80 }, "a", undefined)).toEqual({ b: 80 });
});

test("each query has its own widths, and a column that fits again is forgotten", () => {
  const kept = store();
  keepWidths(kept, "query.41", { day: 120, sum: 80 });
  expect(readWidths(kept, "query.41")).toEqual({ day: 120, sum: 80 });
  expect(readWidths(kept, "query.42")).toEqual({});
  keepWidths(kept, "query.41", {});
  expect(kept.kept.size).toBe(0);
});

test("what somebody else wrote there is no reason to fail", () => {
  const kept = store();
  for (const text of ["", "nonsense", "null", "3", '{"a":"wide","b":null,"c":100}', '{"c":1e9}'])
    expect(() => {
      kept.kept.set("widths.q", text);
      return readWidths(kept, "q");
    }).not.toThrow();
  expect(readWidths(kept, "q")).toEqual({ c: MOST });
});
