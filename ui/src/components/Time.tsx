import { useSyncExternalStore } from "react";
import { subscribeTick, tickedNow } from "../api/clock";
import { age, elapsed, moment } from "./format";

const silent = () => () => {};

/** The server's time, four times a second while `ticks`; of one clock for the whole page. */
export const useNow = (ticks = true): number =>
  useSyncExternalStore(ticks ? subscribeTick : silent, tickedNow);

/** Time since `since`, ticking until `until` is known. */
export const Elapsed = ({ since, until }: { since: number; until?: number | undefined }) => {
  const now = useNow(until === undefined);
  return <span className="figures">{elapsed(((until ?? now) - since) / 1000)}</span>;
};

/** `4 min ago`, with the exact moment as its tip. */
export const Ago = ({ at, bare = false }: { at: number; bare?: boolean }) => {
  const text = age(Math.max(0, useNow() - at) / 1000);
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)} className="figures">
      {bare || text === "just now" ? text : `${text} ago`}
    </time>
  );
};

/** `in 12 min` of something to come. */
export const In = ({ at }: { at: number }) => {
  const seconds = (at - useNow()) / 1000;
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)} className="figures">
      {seconds <= 0 ? "due" : `in ${age(Math.max(10, seconds))}`}
    </time>
  );
};
