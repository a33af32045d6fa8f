import { expect, test } from "vitest";
import { age, bytes, credits, duration, elapsed, lastPart, plural, range, short, shortId } from "./format";

test("counts are short where they are large", () => {
  expect([0, 812, 9999, 88_211, 999_499, 999_500, 12_400_000, 2e9].map(short)).toEqual([
    "0",
    "812",
    "9,999",
    "88.2k",
    "999k",
    "1M",
    "12.4M",
    "2B",
  ]);
});

test("durations keep the unit that people would use", () => {
  expect([0.0004, 0.12, 0.9996, 1.94, 41, 59.96, 66, 8049, 400_000].map(duration)).toEqual([
    "0 ms",
    "120 ms",
    "1.0 s",
    "1.9 s",
    "41 s",
    "1:00",
    "1:06",
    "2:14:09",
    "5 d",
  ]);
  expect([0.4, 41.9, 61].map(elapsed)).toEqual(["0:00", "0:41", "1:01"]);
  expect([3, 45, 250, 11_000, 1e6].map(age)).toEqual(["just now", "45 s", "4 min", "3 h", "11 d"]);
});

test("credits never read as nothing when something was paid", () => {
  expect([0, 0.00001, 0.0004, 0.31, 41.72, 1204].map(credits)).toEqual([
    "0",
    "<0.0001",
    "0.0004",
    "0.31",
    "41.7",
    "1,204",
  ]);
});

test("bytes use decimal units", () => {
  expect([12, 1000, 40_119_382, 2.5e9].map(bytes)).toEqual(["12 B", "1 kB", "40.1 MB", "2.5 GB"]);
});

test("ranges name their unit once, and one figure when both ends read the same", () => {
  expect(range([30, 45], duration)).toBe("30–45 s");
  expect(range([0.4, 0.7], credits)).toBe("0.40–0.70");
  expect(range([2, 2], duration)).toBe("2.0 s");
});

test("names and ids are cut to what tells them apart", () => {
  expect(lastPart("dune.me.result_blocks")).toBe("blocks");
  expect(shortId("01JD8K3N5Q8R7T2V4W6X8Y0Z1A")).toBe("01JD…0Z1A");
  expect([plural(1, "row"), plural(2, "query", "queries")]).toEqual(["1 row", "2 queries"]);
});
