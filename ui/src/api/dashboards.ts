/** Dashboards and the visualizations on them. */

import { queryOptions } from "@tanstack/react-query";
import type { RunState } from "../graph/model";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { failureOf } from "./nodes";
import { present, type Wire } from "./wire";

type Values = Record<string, string>;
export type Position = { row: number; col: number; width: number; height: number };
export type Widget =
  | { kind: "chart"; id: number; visualizationId: number; position: Position }
  | { kind: "text"; id: number; text: string; position: Position };
export type Dashboard = {
  id: number;
  name: string;
  slug: string;
  owner: string;
  isPrivate: boolean;
  tags: string[];
  revision: number;
  widgets: Widget[];
  parameters: { id: string; key: string; queryId: number }[];
};

const positionOf = (wire: Wire<"dashboards_Place">): Position => ({
  row: wire.row,
  col: wire.col,
  width: wire.size_x,
  height: wire.size_y,
});
const positionToWire = (position: Position): Wire<"dashboards_Place"> => ({
  row: position.row,
  col: position.col,
  size_x: position.width,
  size_y: position.height,
});

export const dashboardOf = (wire: Wire<"DashboardShown">): Dashboard => ({
  id: wire.dashboard_id,
  name: wire.name,
  slug: wire.slug,
  owner: wire.owner,
  isPrivate: wire.is_private,
  tags: wire.tags,
  widgets: [
    ...wire.text_widgets.map((one) => ({
      kind: "text" as const,
      id: one.widget_id,
      text: one.text,
      position: positionOf(one.position),
    })),
    ...wire.visualization_widgets.map((one) => ({
      kind: "chart" as const,
      id: one.widget_id,
      visualizationId: one.visualization_id,
      position: positionOf(one.position),
    })),
  ],
  parameters: wire.param_widgets.map((one) => ({
    id: one.widget_id,
    key: one.key,
    queryId: one.query_id,
  })),
  revision: wire.revision,
});

export const dashboardQuery = (id: number) =>
  queryOptions({
    queryKey: ["dashboard", id],
    queryFn: async ({ signal }) =>
      dashboardOf(await get<Wire<"DashboardShown">>(`/v1/dashboards/${id}`, undefined, signal)),
    staleTime: 5_000,
  });

export const dashboardBySlug = (owner: string, slug: string) =>
  queryOptions({
    queryKey: ["dashboard", owner, slug],
    queryFn: async ({ signal }) =>
      dashboardOf(
        await get<Wire<"DashboardShown">>(
          `/v1/dashboards/by-slug/${encodeURIComponent(owner)}/${encodeURIComponent(slug)}`,
          undefined,
          signal,
        ),
      ),
    staleTime: 5_000,
  });

export type ListedDashboard = {
  id: number;
  name: string;
  slug: string;
  owner: string;
  /** What a change of it is based on. */
  version: number;
  widgetCount: number;
  updatedAt: number;
  publishedAt?: number;
};

export const dashboardsQuery = (filter: { q?: string; starred?: boolean } = {}) =>
  queryOptions({
    queryKey: ["dashboards", filter],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"DashboardList">>("/v1/dashboards", { limit: 200, ...filter }, signal);
      return wire.dashboards.map(
        (one): ListedDashboard => ({
          id: one.dashboard_id,
          name: one.name,
          slug: one.slug,
          owner: one.owner,
          version: one.revision,
          widgetCount: one.widget_count,
          updatedAt: Date.parse(one.updated_at),
          ...present({ publishedAt: timeOf(one.published_at) }),
        }),
      );
    },
    staleTime: 5_000,
  });

/** Invalidates: dashboards. */
export const createDashboard = (name: string, visualizationIds: number[] = []) =>
  post<Wire<"DashboardShown">>("/v1/dashboards", { name, visualization_ids: visualizationIds }).then(
    dashboardOf,
  );

/** Refused with 409 if it changed since `revision`. Invalidates: dashboard, dashboards. */
export const updateDashboard = (
  id: number,
  change: { name?: string; widgets?: Widget[]; parameters?: Dashboard["parameters"] },
  revision: number | undefined,
) =>
  request<Wire<"DashboardShown">>(`/v1/dashboards/${id}`, {
    method: "PATCH",
    body: {
      ...present({ name: change.name, revision }),
      ...(change.widgets
        ? {
            visualization_widgets: change.widgets
              .filter((widget) => widget.kind === "chart")
              .map((widget) => ({
                ...(widget.id > 0 ? { widget_id: widget.id } : {}),
                visualization_id: widget.visualizationId,
                position: positionToWire(widget.position),
              })),
            text_widgets: change.widgets
              .filter((widget) => widget.kind === "text")
              .map((widget) => ({
                ...(widget.id > 0 ? { widget_id: widget.id } : {}),
                text: widget.text,
                position: positionToWire(widget.position),
              })),
          }
        : {}),
      ...(change.parameters
        ? {
            param_widgets: change.parameters.map((one) => ({
              widget_id: one.id,
              key: one.key,
              query_id: one.queryId,
            })),
          }
        : {}),
    },
  }).then(dashboardOf);

export const archiveDashboard = (id: number) => post<Wire<"Ok">>(`/v1/dashboards/${id}/archive`);

export const refreshDashboard = (id: number, values: Record<string, string>, idempotencyKey: string) =>
  post<Wire<"RunStarted">>(
    `/v1/dashboards/${id}/refresh`,
    { query_parameters: values },
    { idempotencyKey },
  ).then((wire) => wire.pipeline_execution_id);

export type DashboardResults = {
  /** The values that were asked for. */
  asked: Values;
  /** Whether a refresh was published with them; else what is here is of the last one, whatever its values. */
  isOfAsked: boolean;
  /** The values that the refresh was started with; what is not among them had its default. */
  used: Values;
  runId?: string;
  publishedAt?: number;
  /** Visualization → the execution whose rows it shows; all of one run. */
  executions: Map<number, { executionId: string; queryId: number }>;
  latest?: { runId: string; state: RunState; submittedAt: number; error?: string };
};
export const resultsOf = (
  wire: Wire<"DashboardResults">,
  asked: Values,
  isOfAsked: boolean,
): DashboardResults => ({
  asked,
  isOfAsked,
  used: usedOf(wire),
  executions: new Map(
    wire.results.map((one) => [
      one.visualization_id,
      { executionId: one.execution_id, queryId: one.query_id },
    ]),
  ),
  ...present({
    runId: wire.pipeline_execution_id,
    publishedAt: timeOf(wire.published_at),
    latest: wire.latest_refresh && {
      runId: wire.latest_refresh.pipeline_execution_id,
      state: wire.latest_refresh.state,
      submittedAt: Date.parse(wire.latest_refresh.submitted_at),
      ...present({ error: failureOf(wire.latest_refresh.error)?.message }),
    },
  }),
});

/** The values that a refresh was started with, as text. */
const usedOf = (wire: Wire<"DashboardResults">): Values =>
  Object.fromEntries(
    Object.entries(wire.query_parameters).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.join(",") : String(value),
    ]),
  );

export const areSameValues = (a: Values, b: Values): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([key, value]) => b[key] === value);

/**
 * What was published with `values`; else the last refresh with any, marked as not being of them.
 * `load` asks the server.
 */
export const resultsWith = async (
  values: Values,
  load: (values: Values) => Promise<Wire<"DashboardResults">>,
): Promise<DashboardResults> => {
  const own = await load(values);
  if (own.pipeline_execution_id !== undefined || Object.keys(values).length === 0)
    return resultsOf(own, values, own.pipeline_execution_id !== undefined);
  const last = await load({});
  // The server compares with what the queries ran with, where `2026-11-01` has become a moment.
  const isOfAsked = last.pipeline_execution_id !== undefined && areSameValues(usedOf(last), values);
  return resultsOf(last, values, isOfAsked);
};

export const dashboardResultsQuery = (id: number, values: Values) =>
  queryOptions({
    queryKey: ["dashboard", id, "results", values],
    queryFn: ({ signal }) =>
      resultsWith(values, (asked) => {
        // Written here: a value of no letters counts too.
        const query = new URLSearchParams(
          Object.entries(asked).map(([key, value]) => [`params.${key}`, value]),
        ).toString();
        return get<Wire<"DashboardResults">>(
          `/v1/dashboards/${id}/results${query && `?${query}`}`,
          undefined,
          signal,
        );
      }),
    staleTime: 5_000,
    placeholderData: (before) => before,
  });

export type Visualization = {
  id: number;
  queryId: number;
  name: string;
  type: string;
  options: Record<string, unknown>;
};
const visualizationOf = (wire: Wire<"VisualizationEntry">, queryId: number): Visualization => ({
  id: wire.id,
  queryId,
  name: wire.name,
  type: wire.type,
  options: wire.options,
});

export const visualizationQuery = (id: number) =>
  queryOptions({
    queryKey: ["visualization", id],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"VisualizationShown">>(`/v1/visualizations/${id}`, undefined, signal);
      return visualizationOf(wire, wire.query_id);
    },
    staleTime: 30_000,
  });

export const visualizationsQuery = (queryId: number) =>
  queryOptions({
    queryKey: ["query", queryId, "visualizations"],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"VisualizationList">>(
        `/v1/queries/${queryId}/visualizations`,
        { limit: 100 },
        signal,
      );
      return wire.results.map((one) => visualizationOf(one, queryId));
    },
    staleTime: 5_000,
  });

/** The wire's word for a chart of our kinds. */
const typeOf = (kind: string) => (kind === "counter" ? "counter" : "chart");

/** Invalidates: the query's visualizations. */
export const createVisualization = (
  queryId: number,
  name: string,
  kind: string,
  options: Record<string, unknown>,
) =>
  post<Wire<"Id">>(`/v1/queries/${queryId}/visualizations`, { name, type: typeOf(kind), options }).then(
    (wire) => wire.id,
  );
export const updateVisualization = (
  id: number,
  name: string,
  kind: string,
  options: Record<string, unknown>,
) =>
  request<Wire<"Id">>(`/v1/visualizations/${id}`, {
    method: "PUT",
    body: { name, type: typeOf(kind), description: "", options },
  });
export const deleteVisualization = (id: number) => request(`/v1/visualizations/${id}`, { method: "DELETE" });
