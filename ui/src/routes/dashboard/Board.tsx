import { Maximize2, Minimize2, Trash2 } from "lucide-react";
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef } from "react";
import type { Position, Widget } from "../../api/dashboards";
import { guessSpec, readSpec } from "../../charts/spec";
import { IconButton } from "../../components/Button";
import { CrashBoundary } from "../../components/CrashBoundary";
import { late } from "../../components/late";
import { Skeleton } from "../../components/Panel";
import { ProblemLine } from "../../components/Problem";
import { useIsDark } from "../../shell/theme";
import style from "./Dashboard.module.css";
import type { Loaded } from "./load";
import { inReadingOrder, moved, stepped } from "./place";
import { Text } from "./Text";

const Chart = late(() => import("../../charts/Chart").then((module) => module.Chart));

/** The widgets on their grid. While editing they are moved by pointer or by keys. */
export const Board = ({
  widgets,
  charts,
  isOld,
  names,
  isEditing,
  full,
  onFull,
  onChange,
}: {
  widgets: readonly Widget[];
  /** Visualization → what it shows; undefined until the first are loaded. */
  charts: ReadonlyMap<number, Loaded> | undefined;
  /** They are of other values than are asked for. */
  isOld: boolean;
  /** Names of visualizations that have no rows yet. */
  names: ReadonlyMap<number, string>;
  isEditing: boolean;
  full: number | undefined;
  onFull: (id: number | undefined) => void;
  onChange: (widgets: Widget[]) => void;
}) => {
  const frame = useRef<HTMLDivElement>(null);
  const drag = (event: PointerEvent<HTMLElement>, widget: Widget, isSize: boolean) => {
    const board = frame.current?.getBoundingClientRect();
    if (!isEditing || !board || event.button !== 0 || (event.target as Element).closest("button, textarea"))
      return;
    if (frame.current && getComputedStyle(frame.current).display !== "grid") return; // one below another
    event.preventDefault();
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const column = (board.width - 32 + 12) / 6;
    const row = 52;
    const start = { x: event.clientX, y: event.clientY };
    let last = "";
    const move = (at: globalThis.PointerEvent) => {
      const dx = Math.round((at.clientX - start.x) / column);
      const dy = Math.round((at.clientY - start.y) / row);
      if (`${dx},${dy}` === last) return;
      last = `${dx},${dy}`;
      const { position } = widget;
      const wanted: Position = isSize
        ? { ...position, width: position.width + dx, height: position.height + dy }
        : { ...position, col: position.col + dx, row: position.row + dy };
      onChange(moved(widgets, widget.id, wanted));
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
  };
  const keys = (event: KeyboardEvent, widget: Widget) => {
    if (!isEditing || event.target !== event.currentTarget) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      onChange(widgets.filter((one) => one.id !== widget.id));
      return;
    }
    const next = stepped(widget.position, event.key, event.shiftKey);
    if (!next) return;
    event.preventDefault();
    onChange(moved(widgets, widget.id, next));
  };
  return (
    <div ref={frame} className={style.grid}>
      {isEditing && (
        <p className={style.narrow}>To move widgets or change their size, open this in a wider window.</p>
      )}
      {(isEditing ? widgets : inReadingOrder(widgets)).map((widget) => {
        const { row, col, width, height } = widget.position;
        const isText = widget.kind === "text";
        const chart = widget.kind === "chart" ? charts?.get(widget.visualizationId) : undefined;
        const title =
          widget.kind === "chart"
            ? chart && "visualization" in chart
              ? chart.visualization.name
              : (names.get(widget.visualizationId) ?? "Chart")
            : "Text";
        return (
          <section
            key={widget.id}
            className={style.widget}
            aria-label={
              isEditing
                ? `${title}. Arrows move it, with Shift they change its size, Delete removes it.`
                : title
            }
            data-text={isText ? "" : undefined}
            data-edit={isEditing ? "" : undefined}
            data-full={full === widget.id ? "" : undefined}
            tabIndex={isEditing ? 0 : undefined}
            onKeyDown={(event) => keys(event, widget)}
            style={
              {
                gridArea: `${row + 1} / ${col + 1} / span ${height} / span ${width}`,
                "--rows": height,
              } as CSSProperties
            }
          >
            {(!isText || isEditing) && (
              <header
                className={style.title}
                data-handle={isEditing ? "" : undefined}
                onPointerDown={(event) => drag(event, widget, false)}
              >
                <h2 className="ellipsis">{title}</h2>
                {isEditing ? (
                  <IconButton
                    label={`Remove ${title}`}
                    onClick={() => onChange(widgets.filter((one) => one.id !== widget.id))}
                  >
                    <Trash2 aria-hidden />
                  </IconButton>
                ) : (
                  <IconButton
                    label={full === widget.id ? "Back to the dashboard" : `Show ${title} large`}
                    onClick={() => onFull(full === widget.id ? undefined : widget.id)}
                  >
                    {full === widget.id ? <Minimize2 aria-hidden /> : <Maximize2 aria-hidden />}
                  </IconButton>
                )}
              </header>
            )}
            {widget.kind === "text" ? (
              <div className={style.text} data-edit={isEditing ? "" : undefined}>
                {isEditing ? (
                  <textarea
                    aria-label="Text, in Markdown"
                    value={widget.text}
                    onChange={(event) =>
                      onChange(
                        widgets.map((one) =>
                          one.id === widget.id && one.kind === "text"
                            ? { ...one, text: event.target.value }
                            : one,
                        ),
                      )
                    }
                  />
                ) : (
                  <Text text={widget.text} />
                )}
              </div>
            ) : (
              <div className={style.content} data-old={isOld ? "" : undefined}>
                <CrashBoundary region={title}>
                  <ChartWidget loaded={chart} isLoading={charts === undefined} />
                </CrashBoundary>
              </div>
            )}
            {isEditing && (
              <span className={style.size} aria-hidden onPointerDown={(event) => drag(event, widget, true)} />
            )}
          </section>
        );
      })}
    </div>
  );
};

const ChartWidget = ({ loaded, isLoading }: { loaded: Loaded | undefined; isLoading: boolean }) => {
  const isDark = useIsDark();
  if (isLoading) return <Skeleton lines={4} />;
  if (!loaded) return <p className="muted">No rows yet: refresh the dashboard.</p>;
  if ("error" in loaded) return <ProblemLine error={loaded.error} />;
  const { visualization, execution, rows, sampled } = loaded;
  return (
    <Chart
      spec={readSpec(visualization.options) ?? guessSpec(execution.columns)}
      rows={rows}
      columns={execution.columns}
      theme={isDark ? "dark" : "light"}
      sampled={sampled}
    />
  );
};
