import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Star } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useId, useMemo, useState } from "react";
import { catalogQuery } from "../api/catalog";
import { dashboardsQuery, type ListedDashboard } from "../api/dashboards";
import { type ListedQuery, queriesQuery } from "../api/queries";
import { BareDialog } from "../components/Dialog";
import { byGroup } from "./groups";
import { shownKeys, useAllActions } from "./keys";
import { recentIds, remember, scoreOf } from "./recent";
import style from "./Shell.module.css";

type Option = {
  id: string;
  label: string;
  group: string;
  note?: string;
  isStarred?: boolean;
  keys?: string;
  run: () => void;
};

const MOST = 60;

/** Pages, names and the actions of this page, in one list; what was used last comes first. */
export const Palette = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <BareDialog open={open} onClose={onClose} title="Search and commands">
    <Search onClose={onClose} />
  </BareDialog>
);

const Search = ({ onClose }: { onClose: () => void }) => {
  const id = useId();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const asked = useDeferredValue(typed);
  const actions = useAllActions();
  const { data: queries } = useQuery(queriesQuery({ limit: 200 }));
  const { data: starredQueries } = useQuery(queriesQuery({ starred: true, limit: 200 }));
  const { data: tables } = useQuery(catalogQuery({}));
  const { data: dashboards } = useQuery(dashboardsQuery());
  const { data: starredDashboards } = useQuery(dashboardsQuery({ starred: true }));

  const options = useMemo(() => {
    const seen = new Set<string>();
    const ofQuery = (query: ListedQuery, isStarred: boolean): Option => ({
      id: `query-${query.id}`,
      label: query.name || `Query ${query.id}`,
      note: `query ${query.id}`,
      group: "Queries",
      isStarred,
      run: () => void navigate({ to: "/queries/$id", params: { id: String(query.id) } }),
    });
    const ofDashboard = (one: ListedDashboard, isStarred: boolean): Option => ({
      id: `dashboard-${one.id}`,
      label: one.name,
      note: "dashboard",
      group: "Dashboards",
      isStarred,
      run: () => void navigate({ to: "/dashboards/$id", params: { id: String(one.id) } }),
    });
    // The first of an id counts: with its star, and before the others of its group.
    const all: Option[] = [
      ...actions
        .filter((action) => !action.disabled && action.id !== "palette")
        .map((action) => ({ ...action, group: action.group ?? "Actions" })),
      ...(starredQueries?.queries ?? []).map((query) => ofQuery(query, true)),
      ...(queries?.queries ?? []).map((query) => ofQuery(query, false)),
      ...(starredDashboards ?? []).map((one) => ofDashboard(one, true)),
      ...(dashboards ?? []).map((one) => ofDashboard(one, false)),
      ...(tables?.tables ?? []).map((table) => ({
        id: `table-${table.name}`,
        label: table.name,
        note: table.kind,
        group: "Catalog",
        run: () => void navigate({ to: "/catalog/$name", params: { name: table.name } }),
      })),
    ].filter((option) => !seen.has(option.id) && seen.add(option.id));
    const recent = recentIds();
    const rank = (option: Option) => {
      const place = recent.indexOf(option.id);
      return place < 0 ? 0 : 1 + (recent.length - place) / recent.length;
    };
    if (!asked)
      return byGroup(
        [...all]
          .sort((a, b) => rank(b) - rank(a))
          .map((option) => (rank(option) > 0 ? { ...option, group: "Recent" } : option))
          .slice(0, MOST),
      );
    return all
      .map((option) => ({ option, score: scoreOf(`${option.label} ${option.note ?? ""}`, asked) }))
      .filter((one): one is { option: Option; score: number } => one.score !== undefined)
      .sort((a, b) => b.score + rank(b.option) - (a.score + rank(a.option)))
      .map(({ option }) => option)
      .slice(0, MOST);
  }, [actions, queries, starredQueries, tables, dashboards, starredDashboards, asked, navigate]);

  const current = Math.min(at, options.length - 1);
  const choose = (option: Option | undefined) => {
    if (!option) return;
    remember(option.id);
    onClose();
    // After the dialog gave the focus back, or it would take it from what the action opens.
    setTimeout(option.run, 0);
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = (current + step + options.length) % Math.max(1, options.length);
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(options[current]);
    }
  };
  return (
    <div className={style.palette}>
      <input
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={options.length > 0 ? `${id}-${current}` : undefined}
        aria-label="Search pages, names and actions"
        placeholder="Search pages, names and actions"
        value={typed}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <div className={style.options} role="listbox" id={`${id}-list`} aria-label="Found">
        {options.length === 0 && <p className={style.group}>Nothing fits.</p>}
        {options.map((option, index) => (
          <div key={option.id} style={{ display: "contents" }}>
            {!asked && options[index - 1]?.group !== option.group && (
              <div className={style.group} role="presentation">
                {option.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the input's keys choose */}
            <div
              role="option"
              id={`${id}-${index}`}
              tabIndex={-1}
              aria-selected={index === current}
              className={style.option}
              onClick={() => choose(option)}
              onMouseMove={() => setAt(index)}
            >
              {option.isStarred && <Star aria-label="starred" width={12} height={12} fill="currentColor" />}
              <span className="ellipsis">{option.label}</span>
              {option.note && <small>{option.note}</small>}
              {option.keys && <kbd>{shownKeys(option.keys)}</kbd>}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
};
