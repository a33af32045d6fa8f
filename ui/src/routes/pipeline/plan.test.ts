import { expect, test } from "vitest";
import { graphOf, nodeToWire, type PlannedNode, planOf } from "../../api/pipelines";
import {
  add,
  change,
  connect,
  disconnect,
  draftOf,
  edgesOfDraft,
  hasTarget,
  holds,
  isSameDraft,
  missingEstimate,
  planByLineage,
  remove,
  verdictOf,
  withKnownEdges,
} from "./plan";

const graph = graphOf({
  pipeline: {
    nodes: [
      {
        id: 1,
        dependencies: [],
        materialized_view_refresh: { name: "dune.me.result_blocks", performance: "small" },
        title: "blocks",
        query_id: 12,
      },
      {
        id: 2,
        dependencies: [1],
        materialized_view_refresh: { name: "dune.me.result_flows" },
        title: "flows",
        query_id: 13,
      },
      {
        id: 3,
        dependencies: [1, 2],
        query_execution: { query_id: 41, query_parameters: { day: "x" } },
        title: "Top",
        query_id: 41,
      },
    ],
  },
  stored: true,
  revision: 3,
  target_query_id: 41,
  reads: [],
  edges: [
    { from: 1, to: 2, kind: "lineage", line: 3, column: 6 },
    { from: 2, to: 3, kind: "lineage" },
    { from: 1, to: 3, kind: "drawn" },
  ],
});
const draft = draftOf(graph);

test("a graph is read with its names, tiers and parameters", () => {
  expect(graph.nodes.map((node) => [node.kind, node.title, node.tier])).toEqual([
    ["view", "blocks", "small"],
    ["view", "flows", "medium"],
    ["query", "Top", "medium"],
  ]);
  expect([graph.isStored, graph.revision]).toEqual([true, 3]);
});

test("only drawn edges are a person's to change; all are shown", () => {
  expect(draft.nodes.map((node) => node.dependencies)).toEqual([[], [], [1]]);
  expect(edgesOfDraft(draft, graph.edges).map((edge) => `${edge.from}>${edge.to} ${edge.kind}`)).toEqual([
    "1>2 lineage",
    "2>3 lineage",
    "1>3 drawn",
  ]);
});

test("an edge that closes a cycle is refused, and the cycle is named", () => {
  const edges = edgesOfDraft(draft, graph.edges);
  expect(connect(draft, edges, 3, 1)).toEqual({
    refused: "Top → blocks would close a cycle: Top > blocks > Top",
  });
  expect(connect(draft, edges, 1, 2)).toEqual({ draft });
});

test("drawing and taking away an edge leaves the draft as it was", () => {
  const more = add(draft, { kind: "query", title: "Other", queryId: 50 });
  const drawn = connect(more.draft, edgesOfDraft(more.draft, graph.edges), more.id, 3);
  expect("draft" in drawn && drawn.draft.nodes[2]?.dependencies).toEqual([1, 4]);
  expect("draft" in drawn && isSameDraft(disconnect(drawn.draft, 4, 3), more.draft)).toBe(true);
  expect(isSameDraft(remove(more.draft, 4), draft)).toBe(true);
});

test("a node that goes takes its edges with it", () => {
  const rest = remove(draft, 1);
  expect(rest.nodes.map((node) => node.dependencies)).toEqual([[], []]);
  expect(edgesOfDraft(rest, graph.edges).map((edge) => edge.from)).toEqual([2]);
});

test("a view stands in a graph once, and the query must stay in its own", () => {
  expect(holds(draft, { kind: "view", title: "", name: "dune.me.result_flows", queryId: 13 })).toBe(true);
  expect(holds(draft, { kind: "query", title: "", queryId: 13 })).toBe(false);
  expect(hasTarget(draft, 41)).toBe(true);
  expect(hasTarget(remove(draft, 3), 41)).toBe(false);
});

test("nodes go back to the server in Dune's shape", () => {
  expect(nodeToWire(change(draft, 2, { tier: "large" }).nodes[1] as never)).toEqual({
    id: 2,
    dependencies: [],
    materialized_view_refresh: { name: "dune.me.result_flows", performance: "large" },
  });
  expect(nodeToWire(draft.nodes[2] as never)).toEqual({
    id: 3,
    dependencies: [1],
    query_execution: { query_id: 41, performance: "medium", query_parameters: { day: "x" } },
  });
});

test("a plan with reuse, credits and a problem is read whole", () => {
  const plan = planOf({
    valid: false,
    nodes: [
      {
        id: 1,
        order: 1,
        kind: "view",
        title: "blocks",
        query_id: 12,
        query_version: 1,
        tier: "small",
        dependencies: [],
        decision: "reuse",
        reason: "same inputs and text as run 01J",
        inputs: [{ name: "ethereum.blocks", kind: "source", row_count: 9 }],
        estimate: { seconds: [1, 2], credits: [0, 0], rows: [9, 9] },
      },
    ],
    edges: [],
    estimate: { seconds: [30, 45], credits: [0.4, 0.7] },
    problems: [{ message: "line 3:6: no table", node_ids: [1], line: 3, column: 6 }],
  });
  expect(plan).toMatchObject({
    isValid: false,
    nodes: [{ queryId: 12, decision: "reuse", inputs: [{ name: "ethereum.blocks", rowCount: 9 }] }],
    problems: [{ nodeIds: [1], line: 3, column: 6 }],
  });
});

test("without the server's plan, lineage alone says order, inputs and the edges of a new node", () => {
  const more = add(draft, { kind: "view", title: "late", name: "dune.me.result_late", queryId: 60 });
  const plan = planByLineage(
    more.draft,
    graph.edges,
    new Map([
      [12, [{ name: "ethereum.blocks", kind: "source" }]],
      [60, [{ name: "dune.me.result_flows", kind: "view", line: 2, column: 6 }]],
    ]),
  );
  expect(plan.nodes.map((node) => [node.id, node.order])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
  ]);
  expect(plan.edges).toContainEqual({ from: 2, to: 4, kind: "lineage", line: 2, column: 6 });
  expect(plan.nodes[0]?.inputs).toEqual([{ name: "ethereum.blocks", kind: "source" }]);
});

const planned = planOf({
  valid: true,
  nodes: [1, 2].map((id) => ({
    id,
    order: id,
    kind: "view" as const,
    title: `n${id}`,
    query_id: id,
    query_version: 1,
    tier: "small" as const,
    dependencies: [],
    decision: "run" as const,
    inputs: [],
    ...(id === 1
      ? { estimate: { seconds: [1, 2] as [number, number], credits: [0, 0] as [number, number] } }
      : {}),
  })),
  edges: [{ from: 1, to: 2, kind: "lineage" }],
  problems: [],
});
const refusedWhole = planOf({
  valid: false,
  nodes: [],
  edges: [],
  problems: [{ message: "the pipeline has a cycle", node_ids: [2, 1] }],
});
const own = planByLineage(draft, graph.edges, new Map());

test("a graph is called valid only of the server's answer to this very graph", () => {
  expect(verdictOf(planned, false, null).text).toBe("valid");
  expect(verdictOf(planned, true, null).text).toBe("checking…");
  expect(verdictOf(undefined, false, null).text).toBe("checking…");
  expect(verdictOf(own, false, null).text).toBe("not checked");
  expect(verdictOf(undefined, false, new Error("down"))).toEqual({ text: "not checked", isBad: true });
  expect(verdictOf(refusedWhole, false, null)).toEqual({ text: "1 problem", isBad: true });
});

test("a plan without an estimate says which history is missing", () => {
  const [first, second] = planned.nodes as [PlannedNode, PlannedNode];
  expect(missingEstimate(planned)).toBe("no estimate of the whole: 1 of 2 nodes has not run before");
  expect(missingEstimate({ ...planned, nodes: [second] })).toBe("no estimate: nothing of it has run before");
  expect(missingEstimate({ ...planned, nodes: [first], estimate: first.estimate as never })).toBeUndefined();
  expect(missingEstimate(refusedWhole)).toBe("no plan: see what is wrong with the graph");
  expect(missingEstimate(own)).toBe("no estimate: this server makes none");
});

test("a graph that is refused as a whole keeps the edges that were known", () => {
  expect(withKnownEdges(refusedWhole, planned.edges).edges).toEqual(planned.edges);
  expect(withKnownEdges(planned, []).edges).toEqual(planned.edges);
});
