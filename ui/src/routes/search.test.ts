import { describe, expect, test } from "vitest";
import * as search from "./search";

const ULID = "01JD8K3N5Q8R7T2V4W6X8Y0Z1A";
const schemas = {
  homeSearch: search.homeSearch,
  listSearch: search.listSearch,
  starredSearch: search.starredSearch,
  runsSearch: search.runsSearch,
  runSearch: search.runSearch,
  querySearch: search.querySearch,
  pipelineSearch: search.pipelineSearch,
  dashboardSearch: search.dashboardSearch,
  catalogSearch: search.catalogSearch,
  settingsSearch: search.settingsSearch,
  signInSearch: search.signInSearch,
};
const addresses = [
  "",
  "?since=7d",
  `?view=timeline&node=3&tab=sql&with=${ULID}&filter=state%3Afailed+dex`,
  `?tab=chart&viz=55&v=12&diff=11&exec=${ULID}&p.day=2026-11-01&p.token+name=ETH%26co&p.empty=&sort=day+desc&row=9`,
  "?mode=plan&node=2&focus=2:3",
  "?edit=1&full=3&p.token=5",
  "?q=blocks&kind=view&tab=sample",
  "?q=blocks&starred=1&sort=name:desc",
  "?from=2026-11-01&to=2026-11-30&day=2026-11-24",
  "?next=%2Fruns%2Fx%3Fview%3Dnodes",
  "?view=nonsense&node=-1&since=&tab=%00&exec=short&from=2026-13-99&next=//evil.example&v=1.5&state=%F0%9F%92%A5",
];

describe.each(Object.entries(schemas))("%s", (_name, parse) => {
  test.each(addresses)("reads %s and writes back what it read", (address) => {
    const read = parse(search.parseSearch(address));
    expect(parse(search.parseSearch(search.stringifySearch(read)))).toEqual(read);
    expect(Object.values(read)).not.toContain(undefined);
  });
});

test("what is not understood is absent, never an error", () => {
  const bad = search.parseSearch(addresses.at(-1) as string);
  expect(search.runSearch(bad)).toEqual({});
  expect(search.signInSearch(bad)).toEqual({});
  expect(search.settingsSearch(bad)).toEqual({});
  expect(search.starredSearch({ starred: "yes" })).toEqual({});
  expect(search.querySearch(bad)).toEqual({});
});

test("sign-in never leads to another host", () => {
  for (const next of ["//x.example", "/\\x.example", "https://x.example", "javascript:alert(1)", "x"])
    expect(search.signInSearch({ next })).toEqual({});
  expect(search.signInSearch({ next: "/runs" })).toEqual({ next: "/runs" });
});

test("parameters keep their own names, also empty ones and ones with spaces", () => {
  const values = { day: "2026-11-01", "token name": "a&b=c", empty: "" };
  const address = search.stringifySearch(search.querySearch(search.withParameters(values)));
  expect(search.parametersOf(search.querySearch(search.parseSearch(address)))).toEqual(values);
});

test("a number in an address stays text where it is a parameter", () => {
  expect(search.querySearch(search.parseSearch("?p.n=007&v=7"))).toEqual({ "p.n": "007", v: 7 });
});

test("a sort is a column and a direction", () => {
  expect(search.sortOf("rows:desc")).toEqual({ key: "rows", isDown: true });
  expect(search.sortText({ key: "rows", isDown: false })).toBe("rows");
  expect(search.sortOf(undefined)).toBeUndefined();
});
