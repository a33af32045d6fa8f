import { describe, expect, test } from "vitest";
import { criticalPath } from "./critical";
import { areSameShape, countStates, cycleWith, edgesOf, matches, neighbourhood } from "./model";
import { readyAt, rowsOf, ticksOf } from "./rows";
import { NodeStates } from "./states";

const chain = [
  { id: 1, dependencies: [], startedAt: 0, endedAt: 2000 },
  { id: 2, dependencies: [1], startedAt: 2000, endedAt: 3000 },
  { id: 3, dependencies: [1], startedAt: 2000, endedAt: 9000 },
  { id: 4, dependencies: [2, 3], startedAt: 9000 },
];

describe("the shape of a graph", () => {
  const node = { id: 1, title: "a", kind: "view" as const, dependencies: [2, 3], state: "pending" };

  test("is the same in whatever state its nodes are, and when it was loaded again", () => {
    expect(areSameShape([node], [{ ...node, state: "completed" } as never])).toBe(true);
    expect(areSameShape([node], [structuredClone(node)])).toBe(true);
  });

  test("is another with another name, edge or node", () => {
    for (const other of [{ title: "b" }, { id: 2 }, { kind: "query" as const }, { dependencies: [2] }])
      expect(areSameShape([node], [{ ...node, ...other }])).toBe(false);
    expect(areSameShape([node], [])).toBe(false);
    expect(areSameShape([node], [node, { ...node, id: 2 }])).toBe(false);
  });
});

describe("the critical path", () => {
  test("is the chain that took longest, with what still runs counted until now", () => {
    expect(criticalPath(chain, 10_000)).toEqual({ ids: [1, 3, 4], seconds: 10 });
  });

  test("counts nodes that never started as nothing", () => {
    expect(criticalPath([{ id: 7, dependencies: [] }], 5000)).toEqual({ ids: [7], seconds: 0 });
    expect(criticalPath([], 0)).toEqual({ ids: [], seconds: 0 });
  });

  test("never is shorter than any single node", () => {
    const { seconds } = criticalPath(chain, 10_000);
    for (const node of chain)
      expect(seconds).toBeGreaterThanOrEqual(((node.endedAt ?? 10_000) - node.startedAt) / 1000);
  });
});

test("a drawn edge that would close a cycle is refused with the whole cycle", () => {
  const edges = edgesOf(chain);
  expect(cycleWith(edges, 4, 1)).toEqual([4, 1, 2, 4]);
  expect(cycleWith(edges, 1, 1)).toEqual([1, 1]);
  expect(cycleWith(edges, 1, 4)).toBeUndefined();
});

test("the neighbourhood reaches both ways", () => {
  const edges = [1, 2, 3, 4, 5].map((from) => ({ from, to: from + 1 }));
  expect([...neighbourhood(edges, 3, 1)].sort()).toEqual([2, 3, 4]);
  expect([...neighbourhood(edges, 3, 2)].sort()).toEqual([1, 2, 3, 4, 5]);
});

test("a filter's words must all fit; state: fits states", () => {
  const node = {
    title: "dex_trades",
    name: "dune.me.result_dex_trades",
    state: "failed" as const,
    kind: "view",
  };
  expect(matches(node, "")).toBe(true);
  expect(matches(node, "DEX state:failed")).toBe(true);
  expect(matches(node, "state:completed,failed kind:view")).toBe(true);
  expect(matches(node, "state:completed")).toBe(false);
  expect(matches(node, "prices")).toBe(false);
});

test("states are counted, each of them", () => {
  expect(countStates([{ state: "failed" }, { state: "failed" }, { state: "reused" }])).toMatchObject({
    failed: 2,
    reused: 1,
    pending: 0,
  });
});

test("nodes of a chain share a row of the timeline, branches do not", () => {
  expect(
    rowsOf([
      { id: 1, dependencies: [] },
      { id: 2, dependencies: [1] },
      { id: 3, dependencies: [2] },
      { id: 4, dependencies: [2] },
      { id: 5, dependencies: [3, 4] },
    ]),
  ).toEqual([[1, 2], [3], [4], [5]]);
});

test("a node could start when the last of its dependencies was done", () => {
  expect(readyAt([{ endedAt: 5 }, { endedAt: 9 }], 1)).toBe(9);
  expect(readyAt([{ endedAt: 5 }, {}], 1)).toBeUndefined();
  expect(readyAt([], 1)).toBe(1);
});

test("ticks are round and few", () => {
  expect(ticksOf(41, 6)).toEqual([0, 10, 20, 30, 40]);
  expect(ticksOf(0.35, 6)).toHaveLength(4);
  expect(ticksOf(1_000_000, 6).length).toBeLessThanOrEqual(7);
});

test("only a node that changed is told", () => {
  const states = new NodeStates([]);
  const live = { credits: 0, attempts: [] };
  const first = { id: 1, state: "pending" as const, ...live };
  states.set([first, { id: 2, state: "pending", ...live }]);
  const told: number[] = [];
  const stop = states.subscribe(1, () => told.push(1));
  states.subscribe(2, () => told.push(2));
  states.set([first, { id: 2, state: "executing", ...live }]);
  expect(told).toEqual([2]);
  stop();
  states.set([{ id: 1, state: "failed", ...live }]);
  expect(told).toEqual([2]);
  expect(states.get(1)?.state).toBe("failed");
});
