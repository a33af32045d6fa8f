import { describe, expect, test } from "vitest";
import { countCrossings } from "./crossings";
import { isotonic, layOut, pathOf, SIZE } from "./layout";
import type { Edge } from "./model";

/** A small generator with a seed, so that a failure can be repeated. */
const random = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
  return seed / 4_294_967_296;
};

const graph = (seed: number, count: number, perNode: number): { ids: number[]; edges: Edge[] } => {
  const next = random(seed);
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const edges = ids.flatMap((to) =>
    to === 1
      ? []
      : Array.from({ length: Math.floor(next() * (perNode + 1)) }, () => ({
          from: 1 + Math.floor(next() * (to - 1)),
          to,
        })),
  );
  return { ids, edges };
};

const shuffled = <T>(items: readonly T[], seed: number): T[] => {
  const next = random(seed);
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
};

const graphs = [1, 2, 3, 4, 5].map((seed) => ({ seed, ...graph(seed, 20 * seed, 3) }));

describe.each(graphs)("a random graph of $ids.length nodes", ({ seed, ids, edges }) => {
  const layout = layOut(ids, edges);

  test("no two nodes overlap", () => {
    const places = [...layout.places.values()];
    for (const [index, a] of places.entries())
      for (const b of places.slice(index + 1))
        expect(Math.abs(a.x - b.x) >= SIZE.nodeWidth || Math.abs(a.y - b.y) >= SIZE.nodeHeight).toBe(true);
  });

  test("every edge goes right", () => {
    for (const edge of layout.edges) {
      expect(layout.layers.get(edge.from)).toBeLessThan(layout.layers.get(edge.to) as number);
      const xs = edge.points.map((point) => point.x);
      expect(xs).toEqual([...xs].sort((a, b) => a - b));
    }
  });

  test("an edge starts at its source and ends at its target", () => {
    for (const edge of layout.edges) {
      const from = layout.places.get(edge.from);
      const to = layout.places.get(edge.to);
      expect(edge.points[0]).toEqual({
        x: (from?.x ?? 0) + SIZE.nodeWidth,
        y: (from?.y ?? 0) + SIZE.nodeHeight / 2,
      });
      expect(edge.points.at(-1)).toEqual({ x: to?.x, y: (to?.y ?? 0) + SIZE.nodeHeight / 2 });
    }
  });

  test("no edge passes behind a box", () => {
    for (const edge of layout.edges)
      for (const [id, place] of layout.places) {
        if (id === edge.from || id === edge.to) continue;
        for (const point of edge.points)
          expect(
            point.x >= place.x &&
              point.x <= place.x + SIZE.nodeWidth &&
              point.y > place.y &&
              point.y < place.y + SIZE.nodeHeight,
          ).toBe(false);
      }
  });

  test("the same graph gives the same picture, in whatever order it is given", () => {
    expect(layOut(ids, edges)).toEqual(layout);
    const other = layOut(shuffled(ids, seed + 7), shuffled(edges, seed + 11));
    expect(new Map([...other.places].sort((a, b) => a[0] - b[0]))).toEqual(layout.places);
    expect(other.edges).toEqual(layout.edges);
  });
});

test("an edge over several layers gets a waypoint in each, shared by edges of one source", () => {
  const chain = [1, 2, 3, 4].map((from) => ({ from, to: from + 1 }));
  const { edges } = layOut(
    [1, 2, 3, 4, 5, 6],
    [...chain, { from: 1, to: 5 }, { from: 1, to: 6 }, { from: 4, to: 6 }],
  );
  const long = edges.filter((edge) => edge.from === 1 && edge.to >= 5);
  expect(long.map((edge) => edge.points.length)).toEqual([8, 8]);
  expect(long[0]?.points.slice(1, -1)).toEqual(long[1]?.points.slice(1, -1));
});

test("a cycle is drawn without the edge that closes it, and nothing hangs", () => {
  const layout = layOut(
    [1, 2, 3],
    [
      { from: 1, to: 2 },
      { from: 2, to: 3 },
      { from: 3, to: 1 },
    ],
  );
  expect(layout.edges).toHaveLength(2);
  expect(layout.places.size).toBe(3);
});

test("edges to nodes that are not there are left out", () => {
  expect(layOut([1], [{ from: 9, to: 1 }]).edges).toEqual([]);
  expect(layOut([], []).places.size).toBe(0);
});

test("crossings are counted as by comparing every pair", () => {
  const next = random(3);
  for (let round = 0; round < 50; round += 1) {
    const edges = Array.from({ length: 12 }, () => [Math.floor(next() * 5), Math.floor(next() * 6)] as const);
    edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let pairs = 0;
    for (const [index, a] of edges.entries())
      for (const b of edges.slice(index + 1)) if (a[0] < b[0] && a[1] > b[1]) pairs += 1;
    expect(
      countCrossings(
        edges.map((edge) => edge[1]),
        6,
      ),
    ).toBe(pairs);
  }
});

test("isotonic numbers never fall and keep their weighted mean", () => {
  expect(isotonic([1, 3, 2, 4], [1, 1, 1, 1])).toEqual([1, 2.5, 2.5, 4]);
  expect(isotonic([5, 1], [3, 1])).toEqual([4, 4]);
});

test("a path is curved between layers and straight across them", () => {
  expect(
    pathOf([
      { x: 0, y: 0 },
      { x: 10, y: 5 },
      { x: 20, y: 5 },
      { x: 30, y: 9 },
    ]),
  ).toBe("M0 0C5 0 5 5 10 5H20C25 5 25 9 30 9");
});

test("a thousand nodes are laid out in well under a second", () => {
  const next = random(9);
  const ids = Array.from({ length: 1000 }, (_, index) => index + 1);
  const edges = ids.flatMap((to) =>
    to <= 100
      ? []
      : [0, 1, 2].map(() => ({
          from: 100 * Math.floor((to - 1) / 100 - 1) + 1 + Math.floor(next() * 100),
          to,
        })),
  );
  const started = performance.now();
  const layout = layOut(ids, edges);
  expect(layout.places.size).toBe(1000);
  expect(performance.now() - started).toBeLessThan(1000);
});
