import { expect, test } from "vitest";
import { dashboardsQuery } from "./dashboards";
import { queriesQuery } from "./queries";
import { isOfStars, type StarChange, starsOf, starsQuery, withChanges } from "./stars";

const none = starsOf({ queries: [], dashboards: [] });
const star = (kind: StarChange["kind"], id: number, isStarred = true): StarChange => ({
  kind,
  id,
  isStarred,
});

test("what is asked for counts as done, in the order it was asked for", () => {
  expect(withChanges(none, [star("query", 4), star("query", 4, false)])).toEqual(none);
  expect([...withChanges(none, [star("query", 4, false), star("query", 4)]).query]).toEqual([4]);
});

test("a change that is taken back leaves what the server said", () => {
  const said = starsOf({ queries: [4], dashboards: [9] });
  const pressed = [star("query", 4, false), star("dashboard", 7)];
  expect([...withChanges(said, pressed).dashboard]).toEqual([9, 7]);
  expect(withChanges(said, [])).toEqual(said);
  expect([...said.query]).toEqual([4]);
});

test("a query and a dashboard of one number are two things", () => {
  const after = withChanges(none, [star("dashboard", 4)]);
  expect([after.query.has(4), after.dashboard.has(4)]).toEqual([false, true]);
});

test("asking for what is there already changes nothing", () => {
  const said = starsOf({ queries: [4], dashboards: [] });
  expect(withChanges(said, [star("query", 4), star("query", 5, false)])).toEqual(said);
});

test("a star changes the answers about stars, and leaves the whole lists as they are", () => {
  const ofStars = [starsQuery, queriesQuery({ starred: true, q: "a" }), dashboardsQuery({ starred: true })];
  const others = [queriesQuery({ limit: 500 }), dashboardsQuery()];
  expect(ofStars.map(({ queryKey }) => isOfStars(queryKey))).toEqual([true, true, true]);
  expect(others.map(({ queryKey }) => isOfStars(queryKey))).toEqual([false, false]);
});
