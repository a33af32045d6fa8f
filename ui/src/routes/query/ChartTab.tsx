import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  createVisualization,
  deleteVisualization,
  updateVisualization,
  type Visualization,
} from "../../api/dashboards";
import { chartRowsQuery, type Execution } from "../../api/results";
import { MOST_POINTS } from "../../charts/options";
import { CHART_KINDS, type ChartSpec, guessSpec, readSpec, writeSpec } from "../../charts/spec";
import { Button } from "../../components/Button";
import { CheckField, SelectField, TextField } from "../../components/Field";
import { late } from "../../components/late";
import { Skeleton } from "../../components/Panel";
import { Problem, ProblemLine } from "../../components/Problem";
import { confirmDone, confirmWithUndo } from "../../components/Toasts";
import { isNumber } from "../../grid/filter";
import { useIsDark } from "../../shell/theme";
import style from "./Query.module.css";

const Chart = late(() => import("../../charts/Chart").then((module) => module.Chart));

/** A chart of the result, and what of it can be set. Saving makes it a visualization of the query. */
export const ChartTab = ({
  queryId,
  execution,
  visualization,
  onSaved,
}: {
  queryId: number | undefined;
  execution: Execution;
  visualization: Visualization | undefined;
  onSaved: (id: number | undefined) => void;
}) => {
  const client = useQueryClient();
  const isDark = useIsDark();
  const { columns } = execution;
  const saved = visualization && readSpec(visualization.options);
  const [spec, setSpec] = useState<ChartSpec>(saved ?? guessSpec(columns));
  const [name, setName] = useState(visualization?.name ?? "Chart");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const rows = useQuery(chartRowsQuery(execution, MOST_POINTS));
  const change = (part: Partial<ChartSpec>) => setSpec((before) => ({ ...before, ...part }));
  const names = columns.map((column) => column.name);
  const numbers = columns.filter((column) => isNumber(column.type)).map((column) => column.name);
  const isChanged =
    !visualization || name !== visualization.name || JSON.stringify(spec) !== JSON.stringify(saved);

  const save = async () => {
    if (queryId === undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      const id = visualization
        ? (await updateVisualization(visualization.id, name, spec.kind, writeSpec(spec))).id
        : await createVisualization(queryId, name, spec.kind, writeSpec(spec));
      await client.invalidateQueries({ queryKey: ["query", queryId, "visualizations"] });
      await client.invalidateQueries({ queryKey: ["visualization", id] });
      confirmDone("Chart saved.");
      onSaved(id);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    if (!visualization || queryId === undefined) return;
    try {
      await deleteVisualization(visualization.id);
      await client.invalidateQueries({ queryKey: ["query", queryId, "visualizations"] });
      onSaved(undefined);
      confirmWithUndo(`Chart ${visualization.name} deleted.`, () => {
        void createVisualization(queryId, visualization.name, spec.kind, visualization.options).then((id) => {
          void client.invalidateQueries({ queryKey: ["query", queryId, "visualizations"] });
          onSaved(id);
        });
      });
    } catch (caught) {
      setError(caught);
    }
  };

  return (
    <div className={style.chart}>
      <div className={style.drawing}>
        {rows.isPending ? (
          <Skeleton lines={6} />
        ) : rows.error ? (
          <Problem error={rows.error} title="Rows could not be loaded" onRetry={() => void rows.refetch()} />
        ) : (
          <Chart
            spec={spec}
            rows={rows.data.rows}
            columns={columns}
            theme={isDark ? "dark" : "light"}
            sampled={rows.data.isSampled ? rows.data.total : undefined}
          />
        )}
      </div>
      <form
        className={style.chartForm}
        aria-label="Chart settings"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField label="Name" value={name} onChange={setName} small />
        <SelectField
          label="Kind"
          value={spec.kind}
          options={CHART_KINDS}
          onChange={(kind) => change({ kind })}
          small
        />
        {spec.kind !== "counter" && (
          <SelectField
            label={spec.kind === "pie" ? "Slices" : "Horizontal"}
            value={spec.x}
            options={names}
            onChange={(x) => change({ x })}
            small
          />
        )}
        <SelectField
          label={spec.kind === "counter" ? "Number" : "Values"}
          value={spec.y[0] ?? ""}
          options={spec.kind === "counter" ? names : numbers}
          onChange={(y) => change({ y: [y] })}
          small
        />
        {spec.kind !== "counter" && spec.kind !== "pie" && (
          <>
            <SelectField
              label="And"
              value={spec.y[1] ?? ""}
              options={[{ value: "", label: "nothing more" }, ...numbers.filter((one) => one !== spec.y[0])]}
              onChange={(y) => change({ y: [spec.y[0] ?? "", y].filter(Boolean) })}
              small
            />
            <SelectField
              label="Series by"
              value={spec.split ?? ""}
              options={[{ value: "", label: "each value column" }, ...names.filter((one) => one !== spec.x)]}
              onChange={(split) =>
                setSpec(({ split: _, ...before }) => ({ ...before, ...(split ? { split } : {}) }))
              }
              small
            />
            {spec.kind !== "scatter" && (
              <CheckField
                label="Stacked"
                checked={spec.isStacked}
                onChange={(isStacked) => change({ isStacked })}
              />
            )}
            {spec.kind !== "bar" && (
              <CheckField label="Log scale" checked={spec.isLog} onChange={(isLog) => change({ isLog })} />
            )}
          </>
        )}
        {spec.kind === "counter" && (
          <TextField label="Unit" value={spec.unit ?? ""} onChange={(unit) => change({ unit })} small />
        )}
        {error !== undefined && <ProblemLine error={error} />}
        {queryId === undefined ? (
          <p className="muted">Save the query first; a chart belongs to a query.</p>
        ) : (
          <Button look="primary" small type="submit" busy={isBusy} disabled={!isChanged}>
            {visualization ? "Save chart" : "Add chart"}
          </Button>
        )}
        {visualization && (
          <Button small look="plain" onClick={() => void remove()}>
            Delete chart
          </Button>
        )}
      </form>
    </div>
  );
};
