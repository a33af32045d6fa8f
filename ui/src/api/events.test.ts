import { beforeEach, describe, expect, test } from "vitest";
import type { RunEvent } from "./apply";
import {
  type EventSourceLike,
  follow,
  HEARTBEAT_MS,
  HIDDEN_MS,
  type Liveness,
  POLL_MS,
  type Surroundings,
} from "./events";

/** A browser whose time, frames and network are moved by hand. */
class Stage {
  now = 0;
  timers: { due: number; done: () => void }[] = [];
  frames: (() => void)[] = [];
  sources: (EventSourceLike & {
    url: string;
    closed: boolean;
    say: (type: string, data: unknown, id?: string) => void;
  })[] = [];
  hidden = false;
  free = 1;
  tellVisibility: () => void = () => {};

  readonly at: Surroundings = {
    open: (url) => {
      const heard = new Map<string, (event: { data: string; lastEventId: string }) => void>();
      const source = {
        url,
        closed: false,
        onerror: null,
        addEventListener: (type: string, listen: (event: { data: string; lastEventId: string }) => void) => {
          heard.set(type, listen);
        },
        close: () => {
          source.closed = true;
        },
        say: (type: string, data: unknown, id = "") =>
          heard.get(type)?.({ data: JSON.stringify(data), lastEventId: id }),
      } as Stage["sources"][number];
      this.sources.push(source);
      return source;
    },
    frame: (done) => this.frames.push(done),
    setTimeout: (done, ms) => {
      const timer = { due: this.now + ms, done };
      this.timers.push(timer);
      return timer;
    },
    clearTimeout: (timer) => {
      this.timers = this.timers.filter((one) => one !== timer);
    },
    isHidden: () => this.hidden,
    onVisibility: (tell) => {
      this.tellVisibility = tell;
      return () => {
        this.tellVisibility = () => {};
      };
    },
    claim: async () => {
      if (this.free === 0) return undefined;
      this.free -= 1;
      return () => {
        this.free += 1;
      };
    },
  };

  async advance(ms: number) {
    const until = this.now + ms;
    for (;;) {
      await Promise.resolve();
      const next = this.timers.filter((one) => one.due <= until).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.now = next.due;
      this.timers = this.timers.filter((one) => one !== next);
      next.done();
    }
    this.now = until;
    await Promise.resolve();
  }

  draw() {
    for (const done of this.frames.splice(0)) done();
  }

  get source() {
    return this.sources.at(-1) as Stage["sources"][number];
  }
}

let stage: Stage;
let heard: RunEvent[][];
let liveness: Liveness[];
let reloads: number;
let isOver: boolean;
let stop: () => void;
const last = { epoch: 1, seq: 4 };
const at = "2026-11-24T10:00:00.000000Z";

beforeEach(async () => {
  stage = new Stage();
  heard = [];
  liveness = [];
  reloads = 0;
  isOver = false;
  stop = follow(
    {
      runId: "R",
      lastEvent: () => last,
      onEvents: (events) => heard.push(events),
      onLiveness: (word) => liveness.push(word),
      reload: async () => {
        reloads += 1;
        return { isOver };
      },
    },
    stage.at,
  );
  await stage.advance(0);
});

describe("following a run", () => {
  test("opens after the last event of the page's own snapshot", () => {
    expect(stage.source.url).toBe("/api/v1/pipelines/executions/R/events?after=1-4");
  });

  test("hands over all events of a frame at once", () => {
    stage.source.say("node", { at, node: { id: 1 } }, "1-5");
    stage.source.say("node", { at, node: { id: 2 } }, "1-6");
    expect(heard).toEqual([]);
    stage.draw();
    expect(heard.map((events) => events.length)).toEqual([2]);
    expect(liveness.at(-1)).toBe("live");
  });

  test("says reconnecting, comes back by id, and polls after three failures", async () => {
    for (const [failures, word] of [
      [1, "reconnecting"],
      [2, "reconnecting"],
      [3, "polling"],
    ] as const) {
      stage.source.onerror?.({});
      expect(liveness.at(-1)).toBe(word);
      if (failures < 3) {
        await stage.advance(2000);
        expect(stage.sources).toHaveLength(failures + 1);
        expect(stage.source.url).toContain("after=1-4");
      }
    }
    expect(reloads).toBe(1);
    await stage.advance(POLL_MS * 10);
    expect(stage.sources.length).toBe(4);
  });

  test("a stream without heartbeat is given up", async () => {
    stage.source.say("heartbeat", { at });
    await stage.advance(HEARTBEAT_MS - 1);
    expect(liveness.at(-1)).toBe("live");
    await stage.advance(2);
    expect(liveness.at(-1)).toBe("polling");
    expect(stage.sources[0]?.closed).toBe(true);
  });

  test("ends when the server says so, with everything handed over", () => {
    stage.source.say("run", { at, run: { state: "completed" } }, "1-5");
    stage.source.say("end", {});
    expect(heard.flat()).toHaveLength(1);
    expect(liveness.at(-1)).toBe("finished");
    expect(stage.source.closed).toBe(true);
  });

  test("an expired history loads the snapshot and opens anew", async () => {
    stage.source.say("expired", {});
    await stage.advance(0);
    await stage.advance(0);
    expect(reloads).toBe(1);
    expect(stage.sources).toHaveLength(2);
  });

  test("polls while other windows hold every stream, and takes the next that is free", async () => {
    stage.source.onerror?.({}); // its own stream goes back
    stage.free = 0;
    await stage.advance(2000);
    expect(liveness.at(-1)).toBe("polling");
    expect(stage.sources).toHaveLength(1);
    await stage.advance(POLL_MS * 5);
    expect(stage.sources).toHaveLength(1);
    stage.free = 1;
    await stage.advance(POLL_MS * 5);
    expect(stage.sources).toHaveLength(2);
    stop();
    expect(stage.free).toBe(1);
  });

  test("a poll that finds the run over stops", async () => {
    isOver = true;
    stage.source.say("heartbeat", { at });
    await stage.advance(HEARTBEAT_MS + 1);
    await stage.advance(POLL_MS * 5);
    expect(liveness.at(-1)).toBe("finished");
    expect(reloads).toBe(1);
  });

  test("a tab hidden for ten seconds closes its stream and comes back by id", async () => {
    stage.hidden = true;
    stage.tellVisibility();
    await stage.advance(HIDDEN_MS - 1);
    expect(stage.source.closed).toBe(false);
    await stage.advance(1);
    expect(stage.source.closed).toBe(true);
    expect(liveness.at(-1)).toBe("paused");
    expect(stage.free).toBe(1);
    stage.hidden = false;
    stage.tellVisibility();
    await stage.advance(0);
    expect(stage.sources).toHaveLength(2);
  });

  test("a page that leaves hears nothing more", () => {
    stop();
    stage.source.say("node", { at, node: { id: 1 } }, "1-5");
    stage.draw();
    expect(heard).toEqual([]);
    expect(stage.source.closed).toBe(true);
  });
});
