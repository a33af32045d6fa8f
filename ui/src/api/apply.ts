/**
 * Live events into a run. Pure, and the only writer of live state.
 *
 * Ids of one epoch rise by one. An id seen before is ignored; one that is missing, or of another
 * epoch, marks the run `missed`: its snapshot is loaded again before anything is trusted.
 */

import { countStates, isFinal, type RunNode } from "../graph/model";
import { liveOf, type WireLive } from "./nodes";
import {
  actionsOf,
  type EventId,
  eventIdOf,
  type RunDetail,
  runDetailOf,
  runPartOf,
  type WireRunDetail,
  type WireRunPart,
} from "./runs";

export type RunEvent =
  | { type: "state"; id: string; data: { run: WireRunDetail } }
  | { type: "node"; id: string; data: { at: string; node: WireLive } }
  | { type: "run"; id: string; data: { at: string; run: WireRunPart & { actions: string[] } } }
  | { type: "progress"; data: { nodes: { id: number; progress: number }[] } };

export const applyEvent = (run: RunDetail, event: RunEvent): RunDetail => applyEvents(run, [event]);

/** As one event after another, but copying the nodes once: a frame may bring a thousand. */
export const applyEvents = (run: RunDetail, events: readonly RunEvent[]): RunDetail => {
  let current = run;
  let nodes: RunNode[] | undefined; // a copy, once something in it changes
  let places = indexed(run.nodes);
  // Each event of a node says all that changes of it, so only its last one in the frame is taken over.
  let last = new Map<number, WireLive>();
  const change = (id: number, changed: (node: RunNode) => RunNode) => {
    const place = places.get(id);
    if (place === undefined) return;
    nodes ??= [...current.nodes];
    nodes[place] = changed(nodes[place] as RunNode);
  };
  const take = (id: number) => {
    const wire = last.get(id);
    if (wire === undefined) return;
    last.delete(id);
    change(id, (node) => ({ ...fixedOf(node), ...liveOf(wire) }));
  };
  for (const event of events) {
    if (event.type === "progress") {
      for (const { id, progress } of event.data.nodes) {
        take(id);
        change(id, (node) => (node.state === "executing" ? { ...node, progress } : node));
      }
      continue;
    }
    const id = eventIdOf(event.id);
    if (event.type === "state") {
      if (isBefore(id, current.lastEvent)) continue;
      current = { ...runDetailOf(event.data.run), lastEvent: id };
      nodes = undefined;
      last = new Map();
      places = indexed(current.nodes);
      continue;
    }
    if (id.epoch < current.lastEvent.epoch) continue;
    if (id.epoch > current.lastEvent.epoch) {
      if (!current.missed) current = { ...current, missed: true };
      continue;
    }
    if (id.seq <= current.lastEvent.seq) continue;
    const missed = current.missed || id.seq > current.lastEvent.seq + 1;
    current = { ...current, lastEvent: id, missed };
    if (event.type === "node") last.set(event.data.node.id, event.data.node);
    else current = withRunPart(current, event.data.run);
  }
  for (const id of [...last.keys()]) take(id);
  if (nodes === undefined) return current;
  return { ...current, nodes, counts: countStates(nodes) };
};

const withRunPart = (run: RunDetail, wire: WireRunPart & { actions: string[] }): RunDetail => {
  const { startedAt: _s, endedAt: _e, publishedAt: _p, movedViews: _m, error: _f, ...kept } = run;
  return { ...kept, ...runPartOf(wire), actions: actionsOf(wire.actions) };
};

const fixedOf = (node: RunNode) => ({
  id: node.id,
  kind: node.kind,
  title: node.title,
  queryId: node.queryId,
  queryVersion: node.queryVersion,
  tier: node.tier,
  parameters: node.parameters,
  dependencies: node.dependencies,
  ...(node.name === undefined ? {} : { name: node.name }),
});

const indexed = (nodes: readonly RunNode[]): Map<number, number> =>
  new Map(nodes.map((node, index) => [node.id, index]));

const isBefore = (a: EventId, b: EventId): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);

/** What is left to follow: nothing once a run is over. */
export const isLive = (run: RunDetail | undefined): boolean => run !== undefined && !isFinal(run.state);
