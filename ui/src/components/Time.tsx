import { useSyncExternalStore } from "react";
import { subscribeTick, tickedNow } from "../api/clock";
import { age, elapsed, moment } from "./format";

const silent = () => () => {};

/** The server's time, four times a second while `ticks`; of one clock for the whole page. */
export const useNow = (ticks = true): number =>
  useSyncExternalStore(ticks ? subscribeTick : silent, tickedNow);

/** Time since `since`, ticking until `until` is known. */
export const Elapsed = ({ since, until }: { since: number; until?: number | undefined }) => {
  const text = useSyncExternalStore(until === undefined ? subscribeTick : silent, () =>
    elapsed(((until ?? tickedNow()) - since) / 1000),
  );
  return <span className="figures">{text}</span>;
};

/** `4 min ago`, with the exact moment as its tip. Drawn again only when its words change. */
export const Ago = ({ at, bare = false }: { at: number; bare?: boolean }) => {
  const text = useSyncExternalStore(subscribeTick, () => age(Math.max(0, tickedNow() - at) / 1000));
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)} className="figures">
      {bare || text === "just now" ? text : `${text} ago`}
    </time>
  );
};

/** `in 12 min` of something to come. */
export const In = ({ at }: { at: number }) => {
  const text = useSyncExternalStore(subscribeTick, () => {
    const seconds = (at - tickedNow()) / 1000;
    return seconds <= 0 ? "due" : `in ${age(Math.max(10, seconds))}`;
  });
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)} className="figures">
      {text}
    </time>
  );
};
