import { expect, test } from "vitest";
import type { Dashboard, Widget } from "../../api/dashboards";
import { draftOf, goneOf, newIdOf, withBack } from "./draft";

const widget = (id: number, row: number, text = ""): Widget => ({
  kind: "text",
  id,
  text,
  position: { col: 0, row, width: 6, height: 2 },
});
const dashboard: Dashboard = {
  id: 1,
  name: "Overview",
  slug: "overview",
  owner: "me",
  isPrivate: false,
  tags: [],
  revision: 4,
  widgets: [widget(2, 2), widget(1, 0)],
  parameters: [],
};

test("a draft begins with the dashboard as it is, in reading order", () => {
  const draft = draftOf(dashboard);
  expect(draft).toMatchObject({ name: "Overview", base: { revision: 4 } });
  expect(draft.widgets.map((one) => one.id)).toEqual([1, 2]);
});

test("a removed widget comes back to its place, and later changes stay", () => {
  const before = draftOf(dashboard).widgets;
  const after = before.filter((one) => one.id !== 1);
  const gone = goneOf(before, after) as Widget;
  expect(gone.id).toBe(1);
  expect(goneOf(before, before)).toBeUndefined();
  const later = after.map((one) => ({ ...one, text: "typed since" }) as Widget);
  const back = withBack(later, gone);
  expect(back.map((one) => [one.id, one.position.row])).toEqual([
    [1, 0],
    [2, 2],
  ]);
  expect(back[1]).toMatchObject({ text: "typed since" });
});

test("one whose id was given away meanwhile comes back under another", () => {
  expect(newIdOf([widget(3, 0)])).toBe(-1);
  const back = withBack([widget(-1, 0, "new")], widget(-1, 0, "gone"));
  expect(back.map((one) => one.id).sort()).toEqual([-1, -2]);
  expect(new Set(back.map((one) => one.position.row)).size).toBe(2);
});
