/** A chart of rows that are handed in. The picture has a sentence for those who do not see it, and a table. */

import { BarChart, LineChart, PieChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendPlainComponent, TooltipComponent } from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { lazy, Suspense, useLayoutEffect, useMemo, useRef, useState } from "react";
import { whole } from "../components/format";
import style from "./Chart.module.css";
import { type Built, build, counterOf, type Ink, numberOf, optionsOf, type Row } from "./options";
import type { ChartSpec } from "./spec";

use([
  LineChart,
  BarChart,
  ScatterChart,
  PieChart,
  GridComponent,
  TooltipComponent,
  LegendPlainComponent,
  CanvasRenderer,
]);

const Table = lazy(async () => ({ default: (await import("./Table")).Table }));

/** The page's colours, read again when the theme changes. */
const inkOf = (): Ink => {
  const css = getComputedStyle(document.documentElement);
  const token = (name: string) => css.getPropertyValue(name).trim();
  return {
    text: token("--text"),
    text3: token("--text-3"),
    line: token("--line"),
    surface: token("--surface"),
    series: Array.from({ length: 8 }, (_, index) => token(`--series-${index + 1}`)),
    font: token("--sans"),
  };
};

export const Chart = ({
  spec,
  rows,
  columns,
  theme,
  sampled,
}: {
  spec: ChartSpec;
  rows: readonly Row[];
  columns: readonly { name: string; type: string }[];
  /** Light or dark: another one takes the colours anew. */
  theme: string;
  /** Rows of which the ones shown are a sample. */
  sampled?: number | undefined;
}) => {
  if (spec.kind === "counter" && rows.length > 0) return <Counter spec={spec} rows={rows} />;
  return <Figure spec={spec} rows={rows} columns={columns} theme={theme} sampled={sampled} />;
};

export type Drawn = {
  spec: ChartSpec;
  rows: readonly Row[];
  columns: readonly { name: string; type: string }[];
};

const Figure = ({
  spec,
  rows,
  columns,
  theme,
  sampled,
}: Drawn & { theme: string; sampled: number | undefined }) => {
  const [isTable, setTable] = useState(false);
  const built = useMemo(() => build(spec, rows, columns), [spec, rows, columns]);
  return (
    <figure className={style.chart}>
      {isTable ? (
        <Suspense fallback={null}>
          <Table spec={spec} rows={rows} columns={columns} />
        </Suspense>
      ) : built.series.length === 0 ? (
        <p className={style.none}>{built.summary}</p>
      ) : (
        <Canvas spec={spec} built={built} theme={theme} />
      )}
      <figcaption className={style.note}>
        <span>
          {sampled !== undefined && `A sample of ${whole(rows.length)} of ${whole(sampled)} rows. `}
          {built.note}
        </span>
        <button type="button" onClick={() => setTable(!isTable)}>
          {isTable ? "Show as chart" : "Show as table"}
        </button>
      </figcaption>
    </figure>
  );
};

const Canvas = ({ spec, built, theme }: { spec: ChartSpec; built: Built; theme: string }) => {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  // Before the frame is painted: charts of one run change in the same frame as the numbers beside them.
  useLayoutEffect(() => {
    if (!frame.current) return;
    const made = init(frame.current, undefined, { renderer: "canvas" });
    chart.current = made;
    const observer = new ResizeObserver(([seen]) => {
      // It tells of the first size too, and to resize is to draw everything again.
      const { width = 0, height = 0 } = seen?.contentRect ?? {};
      if (Math.round(width) !== made.getWidth() || Math.round(height) !== made.getHeight()) made.resize();
    });
    observer.observe(frame.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme means other colours of the page
  useLayoutEffect(() => {
    chart.current?.setOption(optionsOf(spec, built, inkOf()), { notMerge: true });
  }, [spec, built, theme]);
  return <div ref={frame} className={style.canvas} role="img" aria-label={built.summary} />;
};

const Counter = ({ spec, rows }: { spec: ChartSpec; rows: readonly Row[] }) => {
  const { value, isNumber } = counterOf(spec, rows);
  const text =
    value === undefined || value === null
      ? "–"
      : isNumber
        ? numberOf(value).toLocaleString("en-US", { maximumFractionDigits: 2 })
        : String(value);
  return (
    <div className={style.counter}>
      <b>
        {text}
        {spec.unit && ` ${spec.unit}`}
      </b>
      <span className="muted">{spec.y[0]}</span>
    </div>
  );
};
