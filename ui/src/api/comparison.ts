/** Two runs beside each other. */

import { queryOptions } from "@tanstack/react-query";
import type { NodeState, Tier } from "../graph/model";
import { get } from "./http";
import { RUNS, type Run, runOf } from "./runs";
import { present, type Wire } from "./wire";

export type Side = {
  id: number;
  state: NodeState;
  queryVersion: number;
  tier: Tier;
  seconds?: number;
  credits: number;
  rowCount?: number;
};
export type Compared = {
  left: Run;
  right: Run;
  nodes: { title: string; kind: string; differs: string[]; left?: Side; right?: Side }[];
};

const sideOf = (wire: Wire<"Side"> | undefined): Side | undefined =>
  wire && {
    id: wire.id,
    state: wire.state,
    queryVersion: wire.query_version,
    tier: wire.tier,
    credits: wire.credits,
    ...present({ seconds: wire.seconds, rowCount: wire.row_count }),
  };

export const comparedOf = (wire: Wire<"Comparison">): Compared => ({
  left: runOf(wire.left),
  right: runOf(wire.right),
  nodes: wire.nodes.map((node) => ({
    title: node.title,
    kind: node.kind,
    differs: node.differs,
    ...present({ left: sideOf(node.left), right: sideOf(node.right) }),
  })),
});

export const compareQuery = (left: string, right: string) =>
  queryOptions({
    queryKey: ["run", left, "compare", right],
    queryFn: async ({ signal }) =>
      comparedOf(await get<Wire<"Comparison">>(`${RUNS}/${left}/compare`, { with: right }, signal)),
    staleTime: 30_000,
  });
