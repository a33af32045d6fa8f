import { describe, expect, test } from "vitest";
import { applyEvent, applyEvents, type RunEvent } from "./apply";
import type { WireLive } from "./nodes";
import { executingRun } from "./recorded";
import { runDetailOf } from "./runs";

const run = runDetailOf(executingRun);
const at = executingRun.at;

const node = (seq: number, live: Partial<WireLive> & { id: number }): RunEvent => ({
  type: "node",
  id: `1-${seq}`,
  data: { at, node: { state: "executing", credits: 0, attempts: [], ...live } },
});
const completes = node(5, { id: 2, state: "completed", row_count: 12, ended_at: at, credits: 0.1 });
const starts = node(6, { id: 3, state: "executing", started_at: at });
const ends: RunEvent = {
  type: "run",
  id: "1-7",
  data: { at, run: { state: "completed", credits: 0.5, published_at: at, moved_views: 2, actions: [] } },
};

const permutations = <T>(items: T[]): T[][] =>
  items.length < 2
    ? [items]
    : items.flatMap((item, index) =>
        permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
      );

describe("applying events", () => {
  test("in order gives the live fields of the event, and those not in it are gone", () => {
    const after = applyEvents(run, [completes, starts, ends]);
    expect(after.nodes[1]).toMatchObject({ state: "completed", rowCount: 12, title: "dex_trades" });
    expect(after.nodes[1]).not.toHaveProperty("executionId");
    expect(after.nodes[2]).toMatchObject({ state: "executing", parameters: { day: "2026-11-01" } });
    expect(after).toMatchObject({ state: "completed", movedViews: 2, actions: [], missed: false });
    expect(after.lastEvent).toEqual({ epoch: 1, seq: 7 });
    expect(after.counts).toMatchObject({ completed: 2, executing: 1, pending: 0 });
  });

  test("never changes the run it was given", () => {
    const before = structuredClone(run);
    applyEvents(run, [completes, starts, ends]);
    expect(run).toEqual(before);
  });

  test("one at a time or all in a frame comes to the same", () => {
    expect([completes, starts, ends].reduce(applyEvent, run)).toEqual(
      applyEvents(run, [completes, starts, ends]),
    );
  });

  test("twice is as once", () => {
    expect(applyEvents(run, [completes, completes, starts, completes, ends, starts])).toEqual(
      applyEvents(run, [completes, starts, ends]),
    );
  });

  test("in any order either gives the truth or says that something was missed", () => {
    const truth = applyEvents(run, [completes, starts, ends]);
    for (const order of permutations([completes, starts, ends])) {
      const after = applyEvents(run, order);
      if (!after.missed) expect(after).toEqual(truth);
    }
  });

  test("a gap is noticed", () => {
    expect(applyEvent(run, starts).missed).toBe(true);
    expect(applyEvent(run, completes).missed).toBe(false);
  });

  test("an id of a newer epoch asks for the snapshot, of an older one is ignored", () => {
    expect(applyEvent(run, { ...completes, id: "2-1" } as RunEvent)).toMatchObject({ missed: true });
    expect(applyEvent(run, { ...completes, id: "0-99" } as RunEvent)).toBe(run);
  });

  test("a whole state replaces everything, unless it is older than what is shown", () => {
    const state = (id: string): RunEvent => ({
      type: "state",
      id,
      data: { run: { ...executingRun, state: "cancelled", last_event_id: id } },
    });
    expect(applyEvent(applyEvent(run, starts), state("2-1"))).toMatchObject({
      state: "cancelled",
      missed: false,
    });
    expect(applyEvent(run, state("1-2")).state).toBe("executing");
  });

  test("progress touches executing nodes only, and has no id", () => {
    const after = applyEvent(run, {
      type: "progress",
      data: {
        nodes: [
          { id: 1, progress: 0.5 },
          { id: 2, progress: 0.5 },
          { id: 99, progress: 1 },
        ],
      },
    });
    expect(after.nodes.map((one) => one.progress)).toEqual([undefined, 0.5, undefined]);
    expect(after.lastEvent).toEqual(run.lastEvent);
  });

  test("of a node that starts and moves on in one frame the progress is kept", () => {
    const moved: RunEvent = { type: "progress", data: { nodes: [{ id: 3, progress: 0.25 }] } };
    const starts = node(5, { id: 3, state: "executing", started_at: at });
    expect(applyEvents(run, [starts, moved]).nodes[2]).toMatchObject({ state: "executing", progress: 0.25 });
    const completes = node(6, { id: 3, state: "completed", ended_at: at });
    expect(applyEvents(run, [starts, moved, completes]).nodes[2]).not.toHaveProperty("progress");
  });

  test("a node that did not change keeps its object, so that it is not drawn again", () => {
    const after = applyEvent(run, completes);
    expect(after.nodes[0]).toBe(run.nodes[0]);
    expect(after.nodes[1]).not.toBe(run.nodes[1]);
  });
});

describe("a run as recorded", () => {
  test("reads completed nodes with an origin as reused", () => {
    const [first] = executingRun.nodes;
    const wire = {
      ...executingRun,
      nodes: [
        { ...(first as never as WireLive), reused_from: { pipeline_execution_id: "a", execution_id: "b" } },
      ],
    };
    expect(runDetailOf(wire as never).nodes[0]).toMatchObject({
      state: "reused",
      reusedFrom: { runId: "a" },
    });
  });

  test("leaves absent what the server left out", () => {
    expect(run).not.toHaveProperty("error");
    expect(run.nodes[2]).not.toHaveProperty("startedAt");
    expect(run.nodes[0]?.endedAt).toBe(Date.UTC(2026, 10, 24, 10, 40, 28, 10));
  });
});
