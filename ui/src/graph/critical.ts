/** The chain of dependencies that takes longest, and what of it is still to come. */

type Timed = { id: number; dependencies: readonly number[]; startedAt?: number; endedAt?: number };

/** Seconds that a node has taken by `now`; 0 if it never started. */
export const secondsOf = (node: { startedAt?: number; endedAt?: number }, now: number): number =>
  node.startedAt === undefined ? 0 : Math.max(0, (node.endedAt ?? now) - node.startedAt) / 1000;

/**
 * Node ids of the longest chain, first to last, and its seconds.
 *
 * `nodes` lists each node after those it depends on. Of equal chains the one through smaller ids wins.
 */
export const criticalPath = (nodes: readonly Timed[], now: number): { ids: number[]; seconds: number } => {
  const total = new Map<number, number>();
  const before = new Map<number, number | undefined>();
  let last: number | undefined;
  for (const node of nodes) {
    let longest: number | undefined;
    for (const id of [...node.dependencies].sort((a, b) => a - b))
      if (total.has(id) && (longest === undefined || (total.get(id) ?? 0) > (total.get(longest) ?? 0)))
        longest = id;
    before.set(node.id, longest);
    total.set(node.id, secondsOf(node, now) + (longest === undefined ? 0 : (total.get(longest) ?? 0)));
  }
  for (const [id, seconds] of [...total].sort((a, b) => a[0] - b[0]))
    if (last === undefined || seconds > (total.get(last) ?? 0)) last = id;
  const seconds = last === undefined ? 0 : (total.get(last) ?? 0);
  const ids: number[] = [];
  for (let at = last; at !== undefined; at = before.get(at)) ids.unshift(at);
  return { ids, seconds };
};
