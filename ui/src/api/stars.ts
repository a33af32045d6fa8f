/** What the owner marked to find again: queries and dashboards, by id. */

import { type QueryKey, queryOptions } from "@tanstack/react-query";
import { get, request } from "./http";
import type { Wire } from "./wire";

export type Thing = { kind: "query" | "dashboard"; id: number };
export type Stars = Record<Thing["kind"], ReadonlySet<number>>;
/** A star asked for, or to be taken off. */
export type StarChange = Thing & { isStarred: boolean };

export const starsOf = (wire: Wire<"StarsShown">): Stars => ({
  query: new Set(wire.queries),
  dashboard: new Set(wire.dashboards),
});

/** The stars once `changes` are carried out, one after the other. */
export const withChanges = (stars: Stars, changes: readonly StarChange[]): Stars => {
  const after = { query: new Set(stars.query), dashboard: new Set(stars.dashboard) };
  for (const { kind, id, isStarred } of changes) {
    if (isStarred) after[kind].add(id);
    else after[kind].delete(id);
  }
  return after;
};

export const starsQuery = queryOptions({
  queryKey: ["stars"],
  queryFn: async ({ signal }) => starsOf(await get<Wire<"StarsShown">>("/v1/stars", undefined, signal)),
  staleTime: 5_000,
});

/** Whether an answer that is kept under `key` says what has a star: the stars, and lists of those alone. */
export const isOfStars = ([name, filter]: QueryKey): boolean =>
  name === "stars" || (typeof filter === "object" && filter !== null && "starred" in filter);

/** Invalidates what `isOfStars` says. */
export const putStar = ({ kind, id, isStarred }: StarChange) =>
  request<Wire<"Ok">>(`/v1/stars/${kind}/${id}`, { method: isStarred ? "PUT" : "DELETE" });
