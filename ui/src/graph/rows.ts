/** Which row of the timeline a node is drawn in: nodes of a chain follow one another in one row. */

type Chained = { id: number; dependencies: readonly number[] };

/** Rows of node ids, in the order of their first node; `nodes` lists each after its dependencies. */
export const rowsOf = (nodes: readonly Chained[]): number[][] => {
  const dependents = new Map<number, number>();
  for (const node of nodes)
    for (const id of node.dependencies) dependents.set(id, (dependents.get(id) ?? 0) + 1);
  const rows: number[][] = [];
  const rowOf = new Map<number, number[]>();
  for (const node of nodes) {
    const [only] = node.dependencies;
    const joined =
      node.dependencies.length === 1 && only !== undefined && dependents.get(only) === 1
        ? rowOf.get(only)
        : undefined;
    const row = joined ?? [];
    row.push(node.id);
    rowOf.set(node.id, row);
    if (!joined) rows.push(row);
  }
  return rows;
};

/** When a node could have started: its dependencies were done, or its run began. */
export const readyAt = (
  dependencies: readonly { endedAt?: number }[],
  runStartedAt: number | undefined,
): number | undefined => {
  let ready = runStartedAt;
  for (const { endedAt } of dependencies) {
    if (endedAt === undefined) return undefined;
    ready = ready === undefined ? endedAt : Math.max(ready, endedAt);
  }
  return ready;
};

/** Round steps of time for an axis over `seconds`, at most `most` of them. */
export const ticksOf = (seconds: number, most: number): number[] => {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];
  const step = steps.find((one) => seconds / one <= most) ?? 86_400 * Math.ceil(seconds / 86_400 / most);
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
};
