import { expect, test } from "vitest";
import { byGroup } from "./groups";

const option = (id: string, group: string) => ({ id, group });

test("the page's actions and the shell's stand under one heading, in their order", () => {
  const found = byGroup([
    option("used", "Recent"),
    option("run", "Actions"),
    option("home", "Go to"),
    option("save", "Actions"),
    option("runs", "Go to"),
    option("theme", "Actions"),
    option("41", "Queries"),
  ]);
  expect(found.map((one) => one.id)).toEqual(["used", "run", "save", "theme", "home", "runs", "41"]);
});

test("nothing found has no heading", () => {
  expect(byGroup([])).toEqual([]);
});
