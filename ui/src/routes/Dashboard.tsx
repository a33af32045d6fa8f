/** The numbers, and that they belong together: all charts are of one run. */

import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Pencil, Plus, RefreshCw, Type } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import {
  archiveDashboard,
  type Dashboard,
  type DashboardResults,
  dashboardBySlug,
  dashboardQuery,
  dashboardResultsQuery,
  refreshDashboard,
  updateDashboard,
  visualizationQuery,
  type Widget,
} from "../api/dashboards";
import { ApiError } from "../api/http";
import { Button, buttonClass } from "../components/Button";
import { TextField } from "../components/Field";
import { clock, plural } from "../components/format";
import { Menu } from "../components/Menu";
import { Empty, Skeleton } from "../components/Panel";
import { ParamForm, valuesOf } from "../components/ParamForm";
import { Problem, ProblemLine } from "../components/Problem";
import { confirmDone, confirmWithUndo } from "../components/Toasts";
import { isFinal } from "../graph/model";
import { useActions } from "../shell/keys";
import { usePage } from "../shell/page";
import { AddChart } from "./dashboard/AddChart";
import { Board } from "./dashboard/Board";
import style from "./dashboard/Dashboard.module.css";
import { type Draft, draftOf, goneOf, newIdOf, withBack } from "./dashboard/draft";
import { type Loaded, loadCharts } from "./dashboard/load";
import { isOf, Origin } from "./dashboard/Origin";
import { ChooseParameters, useParameters } from "./dashboard/Parameters";
import { freePlace } from "./dashboard/place";
import { Refreshing } from "./dashboard/Refreshing";
import { HeadStar } from "./HeadStar";
import { parametersOf, type Raw } from "./search";
import { useOnce } from "./useOnce";

export const DashboardPage = () => {
  const { id } = useParams({ from: "/inside/dashboards/$id" });
  const isId = /^\d{1,15}$/.test(id);
  const query = useQuery({ ...dashboardQuery(Number(id)), enabled: isId });
  return isId ? <Page query={query} /> : <NoSuch />;
};

export const SharedDashboardPage = () => {
  const { owner, slug } = useParams({ from: "/inside/d/$owner/$slug" });
  return <Page query={useQuery(dashboardBySlug(owner, slug))} />;
};

type Reload = () => Promise<{ data?: Dashboard | undefined }>;

const Page = ({ query }: { query: { data?: Dashboard | undefined; error: unknown; refetch: Reload } }) => {
  const name = query.data?.name ?? "Dashboard";
  usePage(name, [{ label: "Dashboards", to: "/dashboards" }, { label: name }]);
  if (query.error instanceof ApiError && query.error.status === 404) return <NoSuch />;
  if (query.data) return <Opened key={query.data.id} dashboard={query.data} reload={query.refetch} />;
  if (query.error)
    return (
      <Problem
        error={query.error}
        title="The dashboard could not be loaded"
        onRetry={() => void query.refetch()}
      />
    );
  return <Skeleton lines={10} />;
};

const NoSuch = () => {
  usePage("No such dashboard", [{ label: "Dashboards", to: "/dashboards" }, { label: "No such dashboard" }]);
  return (
    <>
      <h1 className="unseen">No such dashboard</h1>
      <Empty
        title="There is no such dashboard"
        actions={
          <Link to="/dashboards" className={buttonClass}>
            All dashboards
          </Link>
        }
      >
        The address may be mistyped, or the dashboard was archived or is another's.
      </Empty>
    </>
  );
};

/** The rows of one run for every chart; the next ones take their place all at once. */
const useCharts = (results: DashboardResults | undefined) => {
  const client = useQueryClient();
  const [shown, setShown] = useState<{ results: DashboardResults; charts: Map<number, Loaded> }>();
  useEffect(() => {
    if (!results || shown?.results === results) return;
    let isCurrent = true;
    void loadCharts(client, results).then((charts) => {
      if (isCurrent) setShown({ results, charts });
    });
    return () => {
      isCurrent = false;
    };
  }, [client, results, shown]);
  return shown;
};

const Opened = ({ dashboard, reload }: { dashboard: Dashboard; reload: Reload }) => {
  const search = useSearch({ strict: false }) as Raw & { edit?: "1"; full?: number };
  const navigate = useNavigate();
  const client = useQueryClient();
  const set = (part: Raw, replace = true) =>
    void navigate({ to: ".", search: ((before: Raw) => ({ ...before, ...part })) as never, replace });
  const { parameters, areKnown } = useParameters(dashboard);
  const values = valuesOf(parameters, parametersOf(search));
  const results = useQuery({ ...dashboardResultsQuery(dashboard.id, values), enabled: areKnown });
  const shown = useCharts(results.data);
  const isOld = shown !== undefined && !isOf(shown.results, values);
  const [error, setError] = useState<unknown>();
  const [started, setStarted] = useState<string>();
  const latest = results.data?.latest;
  const running = started ?? (latest && !isFinal(latest.state) ? latest.runId : undefined);
  const refresh = useOnce(
    (key) => refreshDashboard(dashboard.id, values, key),
    (id) => setStarted(id),
    setError,
  );

  const isEditing = search.edit === "1";
  // Kept from the first change to saving or cancelling, also where editing is left in between.
  const [kept, setKept] = useState<Draft>();
  const fresh = useMemo(() => draftOf(dashboard), [dashboard]);
  const draft = kept ?? fresh;
  const { widgets } = isEditing ? draft : dashboard;
  const [isSaving, setSaving] = useState(false);
  const isBehind = isEditing && !isSaving && draft.base.revision !== dashboard.revision;
  const [isAdding, setAdding] = useState(false);
  const edit = (part: (draft: Draft) => Partial<Draft>) =>
    setKept((before = fresh) => ({ ...before, ...part(before) }));
  const add = (make: (draft: Draft) => Widget) =>
    edit((before) => ({ widgets: [...before.widgets, make(before)] }));
  const undos = useRef<(() => void)[]>([]);
  const startOver = () => {
    // What was removed from the draft cannot come back once the draft is gone.
    for (const close of undos.current.splice(0)) close();
    setKept(undefined);
  };
  const change = (next: Widget[]) => {
    const gone = goneOf(draft.widgets, next);
    edit(() => ({ widgets: next }));
    if (gone)
      undos.current.push(
        confirmWithUndo("Widget removed.", () =>
          edit((before) => ({ widgets: withBack(before.widgets, gone) })),
        ),
      );
  };
  const drawn = useQueries({
    queries: widgets.flatMap((widget) =>
      widget.kind === "chart" ? [visualizationQuery(widget.visualizationId)] : [],
    ),
    combine: (all) => all.flatMap((one) => one.data ?? []),
  });
  const names = new Map(drawn.map((one) => [one.id, one.name] as const));
  const save = async (revision = draft.base.revision) => {
    setSaving(true);
    setError(undefined);
    try {
      const saved = await updateDashboard(
        dashboard.id,
        { name: draft.name.trim() || dashboard.name, widgets, parameters: draft.parameters },
        revision,
      );
      client.setQueryData(dashboardQuery(dashboard.id).queryKey, saved);
      client.setQueryData(dashboardBySlug(dashboard.owner, dashboard.slug).queryKey, saved);
      startOver();
      confirmDone("Dashboard saved.");
      set({ edit: undefined });
      await client.invalidateQueries({ queryKey: ["dashboards"] });
    } catch (caught) {
      // Somebody saved it first: theirs is asked for, and the page says so beside both ways out.
      const isConflict = caught instanceof ApiError && caught.status === 409;
      if (isConflict) setKept(draft);
      const theirs = isConflict ? (await reload()).data : undefined;
      if (!theirs || theirs.revision === revision) setError(caught);
    } finally {
      setSaving(false);
    }
  };
  useActions([
    {
      id: "refresh",
      label: "Refresh the dashboard",
      keys: "Mod+Enter",
      disabled: running !== undefined,
      run: refresh.press,
    },
    {
      id: "edit",
      label: isEditing ? "Stop editing" : "Edit the dashboard",
      run: () => set({ edit: isEditing ? undefined : "1" }),
    },
    ...(isEditing
      ? [{ id: "save", label: "Save the dashboard", keys: "Mod+S", run: () => void save() }]
      : []),
    {
      id: "leave-full",
      label: "Back to the dashboard",
      keys: "Escape",
      disabled: search.full === undefined,
      run: () => set({ full: undefined }),
    },
  ]);

  return (
    <div className={style.page}>
      <header className={style.head}>
        <HeadStar thing={{ kind: "dashboard", id: dashboard.id }} onError={setError} />
        <h1 className={isEditing ? "unseen" : "ellipsis"}>{dashboard.name}</h1>
        {isEditing && (
          <TextField label="Name" value={draft.name} onChange={(name) => edit(() => ({ name }))} small />
        )}
        <Origin results={shown?.results} isOfValues={!isOld} />
        <span className={style.grow} />
        {isEditing ? (
          <>
            <Button small icon={<Plus aria-hidden />} onClick={() => setAdding(true)}>
              Chart
            </Button>
            <Button
              small
              icon={<Type aria-hidden />}
              onClick={() =>
                add(({ widgets }) => ({
                  kind: "text",
                  id: newIdOf(widgets),
                  text: "# Title",
                  position: freePlace(widgets, 6, 2),
                }))
              }
            >
              Text
            </Button>
            <Button
              onClick={() => {
                startOver();
                set({ edit: undefined });
              }}
            >
              Cancel
            </Button>
            <Button look="primary" busy={isSaving} onClick={() => void save()}>
              Save
            </Button>
          </>
        ) : (
          <>
            <Button
              look="primary"
              busy={refresh.isBusy || running !== undefined}
              onClick={refresh.press}
              icon={<RefreshCw aria-hidden />}
              disabled={widgets.every((widget) => widget.kind !== "chart")}
            >
              Refresh
            </Button>
            <Button icon={<Pencil aria-hidden />} onClick={() => set({ edit: "1" }, false)}>
              Edit
            </Button>
            <Menu
              actions={[
                {
                  label: "Copy the address",
                  onSelect: () =>
                    void navigator.clipboard?.writeText(
                      `${location.origin}/d/${dashboard.owner}/${dashboard.slug}`,
                    ),
                },
                {
                  label: "Archive",
                  danger: true,
                  onSelect: () =>
                    void archiveDashboard(dashboard.id).then(() => {
                      void client.invalidateQueries({ queryKey: ["dashboards"] });
                      confirmDone("Dashboard archived.");
                      void navigate({ to: "/dashboards" });
                    }, setError),
                },
              ]}
            />
          </>
        )}
      </header>
      {running && (
        <Refreshing
          id={running}
          onEnd={() => {
            setStarted(undefined);
            void client.invalidateQueries({ queryKey: ["dashboard", dashboard.id, "results"] });
          }}
        />
      )}
      {!running && latest && (latest.state === "failed" || latest.state === "cancelled") && (
        <div className={style.strip} role="alert">
          <p>
            The refresh of {clock(latest.submittedAt)}{" "}
            {latest.state === "failed" ? "failed" : "was cancelled"}; the charts show the rows before it.{" "}
            {latest.error}
          </p>
          <Link to="/runs/$id" params={{ id: latest.runId }}>
            Open the run
          </Link>
        </div>
      )}
      {isBehind && (
        <div className={style.said} role="alert">
          <p>
            Somebody saved this dashboard in the meantime
            {dashboard.name !== draft.base.name && ` as ${dashboard.name}`}, with{" "}
            {plural(dashboard.widgets.length, "widget")}. Nothing was overwritten.
          </p>
          <Button small busy={isSaving} onClick={() => void save(dashboard.revision)}>
            Save mine over it
          </Button>
          <Button small onClick={startOver}>
            Take theirs, drop mine
          </Button>
        </div>
      )}
      {error !== undefined && (
        <div className={style.params}>
          <ProblemLine error={error} />
        </div>
      )}
      {results.error && !results.data && (
        <Problem
          error={results.error}
          title="The rows could not be loaded"
          onRetry={() => void results.refetch()}
        />
      )}
      {isEditing && (
        <ChooseParameters
          queryIds={drawn.map((one) => one.queryId)}
          chosen={draft.parameters}
          onChange={(parameters) => edit(() => ({ parameters }))}
        />
      )}
      {!isEditing && parameters.length > 0 && (
        <div className={style.params}>
          <ParamForm
            parameters={parameters}
            values={values}
            onChange={(key, value) => set({ [`p.${key}`]: value })}
          />
        </div>
      )}
      {widgets.length === 0 ? (
        <Empty
          title="Nothing on it yet"
          actions={
            isEditing ? (
              <Button onClick={() => setAdding(true)}>Add a chart</Button>
            ) : (
              <Button onClick={() => set({ edit: "1" })}>Edit</Button>
            )
          }
        >
          Charts are made on a query's page and put together here.
        </Empty>
      ) : (
        <Board
          widgets={widgets}
          charts={shown?.charts}
          isOld={isOld}
          names={names}
          isEditing={isEditing}
          full={search.full}
          onFull={(full) => set({ full }, full === undefined)}
          onChange={change}
        />
      )}
      {isAdding && (
        <AddChart
          onClose={() => setAdding(false)}
          onAdd={(chart) => {
            add(({ widgets }) => ({
              kind: "chart",
              id: newIdOf(widgets),
              visualizationId: chart.id,
              position: freePlace(widgets, 3, 8),
            }));
            setAdding(false);
          }}
        />
      )}
    </div>
  );
};
