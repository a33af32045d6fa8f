/** Everything that the charts of one refresh need, before any of them is drawn: so all change in one frame. */

import type { QueryClient } from "@tanstack/react-query";
import { type DashboardResults, type Visualization, visualizationQuery } from "../../api/dashboards";
import { chartRowsQuery, type Execution, executionQuery, type Row } from "../../api/results";
import { MOST_POINTS } from "../../charts/options";

export type ChartData = {
  visualization: Visualization;
  execution: Execution;
  rows: Row[];
  sampled?: number;
};
/** What a widget shows: rows, or why there are none. */
export type Loaded = ChartData | { error: unknown };

export const loadCharts = async (
  client: QueryClient,
  results: DashboardResults,
): Promise<Map<number, Loaded>> => {
  const loaded = await Promise.all(
    [...results.executions].map(async ([id, { executionId }]): Promise<[number, Loaded]> => {
      try {
        const [visualization, execution] = await Promise.all([
          client.ensureQueryData(visualizationQuery(id)),
          client.ensureQueryData(executionQuery(executionId)),
        ]);
        const { rows, isSampled, total } = await client.ensureQueryData(
          chartRowsQuery(execution, MOST_POINTS),
        );
        return [id, { visualization, execution, rows, ...(isSampled ? { sampled: total } : {}) }];
      } catch (error) {
        return [id, { error }];
      }
    }),
  );
  return new Map(loaded);
};
