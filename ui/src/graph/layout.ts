/**
 * Where the nodes of a graph stand and how its edges run, from left to right. Pure and stable: the
 * same graph gives the same picture, in whatever order its nodes and edges are given.
 *
 * Every edge goes to a later layer. One that passes layers between gets a waypoint in each, shared by
 * the edges of one source, so that no edge runs behind a box: it is straight across a layer, at its
 * waypoint's height, and curves only in the gap between two layers.
 */

import { countCrossings } from "./crossings";
import type { Edge } from "./model";

export type Size = { nodeWidth: number; nodeHeight: number; columnGap: number; rowGap: number };
export const SIZE: Size = { nodeWidth: 184, nodeHeight: 48, columnGap: 56, rowGap: 16 };

export type Point = { x: number; y: number };
/** `points` come in pairs: the curve runs between pairs, a straight line within one. */
export type Routed = Edge & { points: Point[] };
export type Layout = {
  /** Node id → its top left corner. */
  places: Map<number, Point>;
  /** Node id → its layer, from 0. */
  layers: Map<number, number>;
  edges: Routed[];
  width: number;
  height: number;
};

const WAYPOINT_HEIGHT = 6;
const SWEEPS = 8;
const PASSES = 6;

type Vertex = {
  layer: number;
  node: number | undefined; // a node's id; none for a waypoint
  height: number;
  before: number[]; // vertices of the layer to the left
  after: number[];
  y: number; // of its middle
};

export const layOut = (ids: readonly number[], edges: readonly Edge[], size: Size = SIZE): Layout => {
  const sorted = [...new Set(ids)].sort((a, b) => a - b);
  const known = new Set(sorted);
  const lines = uniqueEdges(edges.filter((edge) => known.has(edge.from) && known.has(edge.to)));
  const layers = layersOf(sorted, lines);
  const { vertices, chains } = withWaypoints(sorted, lines, layers, size);
  const columns = ordered(vertices);
  setHeights(vertices, columns, size);

  const top = Math.min(0, ...vertices.map((vertex) => vertex.y - vertex.height / 2));
  const xOf = (layer: number) => layer * (size.nodeWidth + size.columnGap);
  const places = new Map<number, Point>();
  let bottom = 0;
  for (const vertex of vertices) {
    vertex.y -= top;
    bottom = Math.max(bottom, vertex.y + vertex.height / 2);
    if (vertex.node !== undefined)
      places.set(vertex.node, { x: xOf(vertex.layer), y: vertex.y - vertex.height / 2 });
  }
  const routed = lines.map((edge) => {
    const chain = (chains.get(`${edge.from}>${edge.to}`) ?? []).map((index) => vertices[index] as Vertex);
    const points = chain.flatMap(({ layer, y }) => [
      { x: xOf(layer), y },
      { x: xOf(layer) + size.nodeWidth, y },
    ]);
    return { ...edge, points: points.slice(1, -1) };
  });
  return { places, layers, edges: routed, width: xOf(columns.length) - size.columnGap, height: bottom };
};

/** The drawing of a routed edge, in the words of an SVG path. */
export const pathOf = (points: readonly Point[]): string => {
  const [start, ...rest] = points;
  if (!start) return "";
  const parts = [`M${start.x} ${start.y}`];
  let at = start;
  rest.forEach((point, index) => {
    // Pairs: curve to a waypoint's start, straight to its end, curve on.
    if (index % 2 === 0) {
      const middle = (at.x + point.x) / 2;
      parts.push(`C${middle} ${at.y} ${middle} ${point.y} ${point.x} ${point.y}`);
    } else parts.push(`H${point.x}`);
    at = point;
  });
  return parts.join("");
};

const uniqueEdges = (edges: readonly Edge[]): Edge[] => {
  const byKey = new Map(
    edges.filter(({ from, to }) => from !== to).map((edge) => [`${edge.from}>${edge.to}`, edge]),
  );
  return [...byKey.values()]
    .map(({ from, to }) => ({ from, to }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
};

/** Longest path from a root. Where a graph has a cycle, the smallest id left is set free. */
const layersOf = (ids: readonly number[], edges: Edge[]): Map<number, number> => {
  const after = new Map<number, number[]>(ids.map((id) => [id, []]));
  const waiting = new Map<number, number>(ids.map((id) => [id, 0]));
  for (const { from, to } of edges) {
    after.get(from)?.push(to);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const layers = new Map<number, number>(ids.map((id) => [id, 0]));
  const done = new Set<number>();
  let ready = ids.filter((id) => waiting.get(id) === 0);
  while (done.size < ids.length) {
    if (ready.length === 0) ready = ids.filter((id) => !done.has(id)).slice(0, 1);
    const next: number[] = [];
    for (const id of ready) {
      if (done.has(id)) continue;
      done.add(id);
      for (const to of after.get(id) ?? []) {
        if (done.has(to)) continue;
        layers.set(to, Math.max(layers.get(to) ?? 0, (layers.get(id) ?? 0) + 1));
        waiting.set(to, (waiting.get(to) ?? 1) - 1);
        if (waiting.get(to) === 0) next.push(to);
      }
    }
    ready = next;
  }
  // An edge that closes a cycle cannot go right; it is left out of the picture.
  for (let index = edges.length - 1; index >= 0; index -= 1) {
    const edge = edges[index] as Edge;
    if ((layers.get(edge.from) ?? 0) >= (layers.get(edge.to) ?? 0)) edges.splice(index, 1);
  }
  return layers;
};

const withWaypoints = (
  ids: readonly number[],
  edges: readonly Edge[],
  layers: ReadonlyMap<number, number>,
  size: Size,
): { vertices: Vertex[]; chains: Map<string, number[]> } => {
  const vertices: Vertex[] = ids.map((node) => ({
    layer: layers.get(node) ?? 0,
    node,
    height: size.nodeHeight,
    before: [],
    after: [],
    y: 0,
  }));
  const indexOf = new Map(ids.map((id, index) => [id, index]));
  const waypoints = new Map<string, number>(); // source and layer → vertex
  const chains = new Map<string, number[]>();
  const link = (left: number, right: number) => {
    const vertex = vertices[left] as Vertex;
    if (vertex.after.includes(right)) return;
    vertex.after.push(right);
    (vertices[right] as Vertex).before.push(left);
  };
  for (const { from, to } of edges) {
    const chain = [indexOf.get(from) as number];
    const last = layers.get(to) ?? 0;
    for (let layer = (layers.get(from) ?? 0) + 1; layer < last; layer += 1) {
      const key = `${from}@${layer}`;
      let index = waypoints.get(key);
      if (index === undefined) {
        index =
          vertices.push({ layer, node: undefined, height: WAYPOINT_HEIGHT, before: [], after: [], y: 0 }) - 1;
        waypoints.set(key, index);
      }
      link(chain.at(-1) as number, index);
      chain.push(index);
    }
    const end = indexOf.get(to) as number;
    link(chain.at(-1) as number, end);
    chains.set(`${from}>${to}`, [...chain, end]);
  }
  return { vertices, chains };
};

/** The layers as lists of vertices: of eight barycentre sweeps, the order with fewest crossings. */
const ordered = (vertices: readonly Vertex[]): number[][] => {
  const columns: number[][] = [];
  vertices.forEach((vertex, index) => {
    columns[vertex.layer] ??= [];
    columns[vertex.layer]?.push(index);
  });
  const position = new Float64Array(vertices.length);
  const place = (column: readonly number[]) => {
    column.forEach((index, at) => {
      position[index] = at;
    });
  };
  columns.forEach(place);
  const sweep = (rightwards: boolean) => {
    const order = rightwards ? columns.keys() : [...columns.keys()].reverse();
    for (const layer of order) {
      const column = columns[layer] as number[];
      const centre = new Map<number, number>();
      for (const index of column) {
        const vertex = vertices[index] as Vertex;
        const beside = rightwards ? vertex.before : vertex.after;
        let sum = 0;
        for (const one of beside) sum += position[one] as number;
        centre.set(index, beside.length > 0 ? sum / beside.length : (position[index] as number));
      }
      column.sort(
        (a, b) =>
          (centre.get(a) as number) - (centre.get(b) as number) ||
          (position[a] as number) - (position[b] as number),
      );
      place(column);
    }
  };
  let best = columns.map((column) => [...column]);
  let fewest = crossingsOf(vertices, columns, position);
  for (let round = 0; round < SWEEPS && fewest > 0; round += 1) {
    sweep(round % 2 === 0);
    const crossings = crossingsOf(vertices, columns, position);
    if (crossings < fewest) {
      fewest = crossings;
      best = columns.map((column) => [...column]);
    }
  }
  return best;
};

const crossingsOf = (
  vertices: readonly Vertex[],
  columns: readonly number[][],
  position: Float64Array,
): number => {
  let total = 0;
  for (let layer = 0; layer + 1 < columns.length; layer += 1) {
    const ends: number[] = [];
    for (const index of columns[layer] as number[]) {
      const after = (vertices[index] as Vertex).after.map((one) => position[one] as number);
      ends.push(...after.sort((a, b) => a - b));
    }
    total += countCrossings(ends, (columns[layer + 1] as number[]).length);
  }
  return total;
};

/** Pull each vertex to the median of its neighbours, layer by layer, keeping order and gaps. */
const setHeights = (vertices: readonly Vertex[], columns: readonly number[][], size: Size): void => {
  for (const column of columns) {
    let y = 0;
    for (const index of column) {
      const vertex = vertices[index] as Vertex;
      vertex.y = y + vertex.height / 2;
      y += vertex.height + size.rowGap;
    }
  }
  for (let pass = 0; pass < PASSES; pass += 1) {
    const rightwards = pass % 2 === 0;
    for (const layer of rightwards ? columns.keys() : [...columns.keys()].reverse()) {
      const column = (columns[layer] as number[]).map((index) => vertices[index] as Vertex);
      const wanted = column.map((vertex) => {
        const beside = rightwards ? vertex.before : vertex.after;
        return beside.length > 0 ? median(beside.map((one) => (vertices[one] as Vertex).y)) : vertex.y;
      });
      // Waypoints pull harder: a long edge that wanders is the first thing an eye sees.
      const weights = column.map((vertex) => (vertex.node === undefined ? 4 : 1));
      const offsets = [0];
      for (let at = 1; at < column.length; at += 1) {
        const above = column[at - 1] as Vertex;
        const gap = (above.height + (column[at] as Vertex).height) / 2 + size.rowGap;
        offsets.push((offsets[at - 1] as number) + gap);
      }
      const solved = isotonic(
        wanted.map((y, at) => y - (offsets[at] as number)),
        weights,
      );
      column.forEach((vertex, at) => {
        vertex.y = (solved[at] as number) + (offsets[at] as number);
      });
    }
  }
};

const median = (values: number[]): number => {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const high = values[middle] as number;
  return values.length % 2 === 1 ? high : ((values[middle - 1] as number) + high) / 2;
};

/** The non-decreasing numbers nearest to `wanted` (weighted squares), by pooling adjacent violators. */
export const isotonic = (wanted: readonly number[], weights: readonly number[]): number[] => {
  const blocks: { mean: number; weight: number; count: number }[] = [];
  wanted.forEach((mean, at) => {
    let block = { mean, weight: weights[at] ?? 1, count: 1 };
    for (let last = blocks.at(-1); last && last.mean > block.mean; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      block = {
        mean: (last.mean * last.weight + block.mean * block.weight) / weight,
        weight,
        count: last.count + block.count,
      };
    }
    blocks.push(block);
  });
  return blocks.flatMap(({ mean, count }) => Array<number>(count).fill(mean));
};
