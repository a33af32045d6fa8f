/** Which parameters a dashboard asks for. A value goes to every query that declares its key. */

import type { Dashboard } from "../../api/dashboards";
import type { SavedQuery } from "../../api/queries";

export type Chosen = Dashboard["parameters"];
export type Offered = { key: string; queryId: number; isChosen: boolean };

/** Each key once: what is asked for now, in its order, then what else the charts' queries declare. */
export const offeredOf = (
  chosen: Chosen,
  queries: readonly Pick<SavedQuery, "id" | "parameters">[],
): Offered[] => {
  const found = new Map<string, Offered>();
  for (const { key, queryId } of chosen) found.set(key, { key, queryId, isChosen: true });
  for (const query of queries)
    for (const { key } of query.parameters)
      if (!found.has(key)) found.set(key, { key, queryId: query.id, isChosen: false });
  return [...found.values()];
};

/** With a parameter that was not asked for, or without one that was. */
export const toggled = (chosen: Chosen, one: Offered): Chosen => {
  if (chosen.some((own) => own.key === one.key)) return chosen.filter((own) => own.key !== one.key);
  let number = chosen.length + 1;
  while (chosen.some((own) => own.id === `parameter-${number}`)) number += 1;
  return [...chosen, { id: `parameter-${number}`, key: one.key, queryId: one.queryId }];
};
