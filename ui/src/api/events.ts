/**
 * The event stream of one run: resumes by id, falls back to polling, and closes while its tab is hidden.
 *
 * Over HTTP/1.1 a browser has six connections to a host, and each open stream holds one: six of them
 * would starve every other request. So a stream is open only while somebody looks, and all windows
 * together hold at most four; the others poll until one of those ends.
 */

import type { RunEvent } from "./apply";
import { setServerTime } from "./clock";
import { pathWith } from "./http";
import type { EventId } from "./runs";

export type Liveness = "live" | "reconnecting" | "polling" | "finished" | "paused";

export const HEARTBEAT_MS = 25_000; // the server sends one every 10 s
export const HIDDEN_MS = 10_000;
export const POLL_MS = 2_000;
const STREAM_EVERY = 5; // polls
export const MOST_FAILURES = 3;
export const MOST_STREAMS = 4; // of all tabs and windows of one browser

/** The parts of a browser that a stream needs; tests put their own in. */
export type Surroundings = {
  open: (url: string) => EventSourceLike;
  frame: (done: () => void) => void;
  setTimeout: (done: () => void, ms: number) => unknown;
  clearTimeout: (timer: unknown) => void;
  isHidden: () => boolean;
  onVisibility: (tell: () => void) => () => void;
  /** Take one of the streams that this browser may hold: how to give it back, or nothing if none is left. */
  claim: () => Promise<(() => void) | undefined>;
};
export type EventSourceLike = {
  addEventListener: (type: string, listen: (event: { data: string; lastEventId: string }) => void) => void;
  onerror: ((event: unknown) => void) | null;
  close: () => void;
};

/** Locks are shared by all windows of one origin, and end with the page that holds them. */
const claimLock = async (): Promise<(() => void) | undefined> => {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) return () => {}; // plain HTTP from another machine: the browser has none
  for (let slot = 0; slot < MOST_STREAMS; slot += 1) {
    const giveBack = await new Promise<(() => void) | undefined>((taken) => {
      locks
        .request(`stream-${slot}`, { ifAvailable: true }, (lock) =>
          lock ? new Promise<void>((done) => taken(done)) : taken(undefined),
        )
        .catch(() => taken(() => {}));
    });
    if (giveBack) return giveBack;
  }
  return undefined;
};

const browser: Surroundings = {
  open: (url) => new EventSource(url) as unknown as EventSourceLike,
  frame: (done) => {
    requestAnimationFrame(done);
  },
  setTimeout: (done, ms) => window.setTimeout(done, ms),
  clearTimeout: (timer) => window.clearTimeout(timer as number),
  isHidden: () => document.hidden,
  onVisibility: (tell) => {
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  },
  claim: claimLock,
};

export type Follow = {
  runId: string;
  /** Where the page's own snapshot is now. */
  lastEvent: () => EventId;
  /** Events of one animation frame. */
  onEvents: (events: RunEvent[]) => void;
  onLiveness: (liveness: Liveness) => void;
  /** Load the snapshot again: history is gone, or the stream cannot be had. */
  reload: () => Promise<{ isOver: boolean }>;
};

type Heard = { type: RunEvent["type"]; text: string; id: string };

const read = ({ type, text, id }: Heard) => ({ type, id, data: JSON.parse(text) }) as RunEvent;

/** Follow a run until it is over or the returned function is called. */
export const follow = (told: Follow, at: Surroundings = browser): (() => void) => {
  let source: EventSourceLike | undefined;
  let giveBack: (() => void) | undefined;
  let isAsking = false;
  let isPaused = false;
  let queue: Heard[] = [];
  let isFrameAsked = false;
  let failures = 0;
  let isOver = false;
  let heartbeat: unknown;
  let hiding: unknown;
  let retry: unknown;

  const flush = () => {
    isFrameAsked = false;
    const heard = queue;
    queue = [];
    if (heard.length > 0 && !isOver) told.onEvents(heard.map(read));
  };
  const push = (heard: Heard) => {
    queue.push(heard);
    if (isFrameAsked) return;
    isFrameAsked = true;
    alive();
    // A hidden page gets no frames; its stream is open for a few seconds still.
    if (at.isHidden()) at.setTimeout(flush, 0);
    else at.frame(flush);
  };
  const close = () => {
    source?.close();
    source = undefined;
    giveBack?.();
    giveBack = undefined;
    at.clearTimeout(heartbeat);
    at.clearTimeout(retry);
  };
  const finish = () => {
    flush();
    close();
    stopListening();
    isOver = true;
    told.onLiveness("finished");
  };
  const alive = () => {
    failures = 0;
    told.onLiveness("live");
    at.clearTimeout(heartbeat);
    heartbeat = at.setTimeout(() => {
      close();
      poll();
    }, HEARTBEAT_MS);
  };
  const failed = () => {
    if (isOver || source === undefined) return;
    close();
    failures += 1;
    if (failures >= MOST_FAILURES) {
      poll();
      return;
    }
    told.onLiveness("reconnecting");
    retry = at.setTimeout(open, 500 * 2 ** failures);
  };
  /** Ask for snapshots until the stream can be had again, which some of them try. */
  const poll = (round = 1) => {
    if (isOver) return;
    told.onLiveness("polling");
    told.reload().then(
      ({ isOver: over }) => {
        if (isOver) return;
        if (over) finish();
        else if (round % STREAM_EVERY === 0) open();
        else retry = at.setTimeout(() => poll(round + 1), POLL_MS);
      },
      () => {
        // The first answer after a silence means that the server is back, and its streams with it.
        retry = at.setTimeout(() => poll(STREAM_EVERY), POLL_MS);
      },
    );
  };
  const open = () => {
    if (isOver || source || isAsking) return;
    isAsking = true;
    void at.claim().then((given) => {
      isAsking = false;
      if (isOver || isPaused) given?.();
      else if (given) {
        giveBack = given;
        connect();
      } else poll();
    });
  };
  const connect = () => {
    const { epoch, seq } = told.lastEvent();
    source = at.open(pathWith(`/v1/pipelines/executions/${told.runId}/events`, { after: `${epoch}-${seq}` }));
    source.onerror = failed;
    const hear = (type: string, done: (text: string, id: string) => void) =>
      source?.addEventListener(type, (event) => {
        if (!isOver) done(event.data, event.lastEventId);
      });
    // Read in the frame that shows it: nothing but keeping it happens for each of a thousand events.
    for (const type of ["state", "node", "run", "progress"] as const)
      hear(type, (text, id) => push({ type, text, id }));
    hear("heartbeat", (text) => {
      alive();
      setServerTime(Date.parse((JSON.parse(text) as { at: string }).at));
    });
    hear("end", finish);
    hear("expired", () => {
      alive();
      close();
      told.reload().then(({ isOver: over }) => (over ? finish() : open()), failed);
    });
  };
  const visibility = () => {
    at.clearTimeout(hiding);
    if (!at.isHidden()) {
      isPaused = false;
      if (!source && !isOver) {
        at.clearTimeout(retry);
        failures = 0;
        open();
      }
      return;
    }
    hiding = at.setTimeout(() => {
      flush();
      close();
      isPaused = true;
      told.onLiveness("paused");
    }, HIDDEN_MS);
  };
  const stopListening = at.onVisibility(visibility);
  open();
  if (at.isHidden()) visibility();

  return () => {
    isOver = true;
    at.clearTimeout(hiding);
    stopListening();
    close();
  };
};
