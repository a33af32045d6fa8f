/** What will run, in which order, is it valid, what will it cost? */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Play, Save } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { ApiError } from "../api/http";
import {
  forgetPipeline,
  loadPipeline,
  type PipelineGraph,
  pipelineQuery,
  startRun,
  storePipeline,
} from "../api/pipelines";
import { savedQuery } from "../api/queries";
import { Button } from "../components/Button";
import { CrashBoundary } from "../components/CrashBoundary";
import { Choices } from "../components/Field";
import { clock, credits, duration, plural, range } from "../components/format";
import { late } from "../components/late";
import { Menu } from "../components/Menu";
import { Skeleton } from "../components/Panel";
import { Problem, ProblemLine } from "../components/Problem";
import { Split } from "../components/Split";
import { confirmDone, confirmWithUndo } from "../components/Toasts";
import { neighbourhood } from "../graph/model";
import type { Box } from "../graph/Node";
import { shownKeys, useActions } from "../shell/keys";
import { usePage } from "../shell/page";
import { NodeSettings } from "./pipeline/NodeSettings";
import { Pieces } from "./pipeline/Pieces";
import style from "./pipeline/Pipeline.module.css";
import { noteOf, PlanTable } from "./pipeline/PlanTable";
import { Problems } from "./pipeline/Problems";
import {
  add,
  change,
  connect,
  type Draft,
  disconnect,
  draftOf,
  edgesOfDraft,
  isSameDraft,
  missingEstimate,
  remove,
  titleOf,
  verdictOf,
} from "./pipeline/plan";
import { useKeptDraft } from "./pipeline/useKeptDraft";
import { usePlan } from "./pipeline/usePlan";
import { useOnce } from "./useOnce";

const Graph = late(() => import("../graph/Graph").then((module) => module.Graph));

export const PipelinePage = () => {
  const queryId = Number(useParams({ from: "/inside/pipelines/$queryId" }).queryId);
  const graph = useQuery({ ...pipelineQuery(queryId), refetchOnWindowFocus: false });
  const query = useQuery(savedQuery(queryId));
  const name = query.data?.name || `Query ${queryId}`;
  usePage(name, [{ label: "Pipelines", to: "/pipelines" }, { label: name }]);
  if (graph.isPending) return <Skeleton lines={10} />;
  if (!graph.data)
    return (
      <Problem
        error={graph.error}
        title="The pipeline could not be loaded"
        onRetry={() => void graph.refetch()}
      />
    );
  return (
    <Builder
      key={`${queryId}-${graph.data.revision}-${graph.data.isStored}`}
      queryId={queryId}
      name={name}
      graph={graph.data}
    />
  );
};

const Builder = ({ queryId, name, graph }: { queryId: number; name: string; graph: PipelineGraph }) => {
  const search = useSearch({ from: "/inside/pipelines/$queryId" });
  const navigate = useNavigate({ from: "/pipelines/$queryId" });
  const client = useQueryClient();
  const set = useCallback(
    (part: Partial<typeof search>, replace = false) =>
      void navigate({ search: (before) => ({ ...before, ...part }), replace, resetScroll: false }),
    [navigate],
  );
  const saved = useMemo(() => draftOf(graph), [graph]);
  const { draft, setDraft, found, restore, forget } = useKeptDraft(queryId, saved);
  const isDirty = !isSameDraft(draft, saved);
  const { plan, isOld, error: planError } = usePlan(queryId, draft, graph);
  const known = plan?.edges ?? graph.edges;
  const edges = useMemo(() => edgesOfDraft(draft, known), [draft, known]);
  const [refused, setRefused] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState<PipelineGraph>();
  const [isSaving, setSaving] = useState(false);
  const [fitCount, setFitCount] = useState(0);
  const mode = search.mode ?? "build";
  const selected = draft.nodes.find((node) => node.id === search.node);
  const problems = plan?.problems ?? [];
  const targetId = draft.nodes.findLast((node) => node.kind === "query" && node.queryId === queryId)?.id;

  const open = useCallback((node: number | undefined) => set({ node }), [set]);
  const update = useCallback(
    (next: Draft) => {
      setRefused(undefined);
      setDraft(next);
    },
    [setDraft],
  );
  const join = useCallback(
    (from: number, to: number) => {
      const done = connect(draft, edges, from, to);
      if ("refused" in done) setRefused(done.refused);
      else update(done.draft);
    },
    [draft, edges, update],
  );
  const takeOut = (id: number) => {
    const before = draft;
    update(remove(draft, id));
    open(undefined);
    confirmWithUndo(`${titleOf(before, id)} taken out of the graph.`, () => setDraft(before));
  };
  const cut = useCallback(
    (from: number, to: number) => {
      const before = draft;
      update(disconnect(draft, from, to));
      confirmWithUndo(`${titleOf(before, to)} no longer waits for ${titleOf(before, from)}.`, () =>
        setDraft(before),
      );
    },
    [draft, update, setDraft],
  );
  const save = async (revision = graph.revision) => {
    setSaving(true);
    setError(undefined);
    setConflict(undefined);
    try {
      const stored = await storePipeline(queryId, draft.nodes, revision);
      forget();
      client.setQueryData(pipelineQuery(queryId).queryKey, stored);
      await client.invalidateQueries({ queryKey: ["pipelines"] });
      confirmDone("Pipeline saved.");
    } catch (caught) {
      // Their graph is looked at beside the cache: taking it over is the person's to say.
      if (caught instanceof ApiError && caught.status === 409)
        await loadPipeline(queryId).then(setConflict, setError);
      else setError(caught);
    } finally {
      setSaving(false);
    }
  };
  const toLineage = async () => {
    const before = draft.nodes;
    await forgetPipeline(queryId);
    forget();
    await client.invalidateQueries({ queryKey: ["pipeline", queryId] });
    await client.invalidateQueries({ queryKey: ["pipelines"] });
    confirmWithUndo("Lineage decides again what runs.", () => {
      void storePipeline(queryId, before, 0).then((stored) =>
        client.setQueryData(pipelineQuery(queryId).queryKey, stored),
      );
    });
  };
  const run = useOnce(
    (key) => startRun(queryId, key, isDirty ? draft.nodes : undefined),
    (id) => void navigate({ to: "/runs/$id", params: { id } }),
    setError,
  );
  useActions([
    { id: "run", label: "Run the pipeline", keys: "Mod+Enter", run: run.press },
    { id: "save", label: "Save the pipeline", keys: "Mod+S", disabled: !isDirty, run: () => void save() },
    { id: "mode-build", label: "Build", keys: "1", run: () => set({ mode: undefined }, true) },
    { id: "mode-plan", label: "Plan", keys: "2", run: () => set({ mode: "plan" }, true) },
    {
      id: "focus",
      label: "Focus the neighbourhood of the node",
      keys: "f",
      disabled: !selected,
      run: () => set({ focus: search.focus ? undefined : `${search.node}:2` }, true),
    },
    { id: "fit", label: "Fit all", keys: "0", run: () => setFitCount((count) => count + 1) },
    {
      id: "close-node",
      label: "Close the node",
      keys: "Escape",
      disabled: !selected,
      run: () => open(undefined),
    },
  ]);

  const boxes = useMemo((): Box[] => {
    const planned = new Map(plan?.nodes.map((node) => [node.id, node]));
    const bad = new Set(plan?.problems.flatMap((problem) => problem.nodeIds));
    return draft.nodes.map((node) => {
      const own = planned.get(node.id);
      return {
        id: node.id,
        title: node.title,
        kind: node.kind,
        note: mode === "plan" && own ? noteOf(own) : `${node.kind} · ${node.tier}`,
        ...(bad.has(node.id)
          ? { tone: "refused" as const }
          : mode === "plan" && own
            ? { tone: own.decision }
            : {}),
      };
    });
  }, [draft, plan, mode]);
  const lines = useMemo(
    () =>
      edges.map((edge) => ({
        from: edge.from,
        to: edge.to,
        isDrawn: edge.kind === "drawn",
        tip:
          edge.kind === "drawn"
            ? "drawn: select it and press Backspace to remove it"
            : edge.line === undefined
              ? "from lineage: the SQL reads it"
              : `from lineage: line ${edge.line}, column ${edge.column} of ${titleOf(draft, edge.to)}`,
      })),
    [edges, draft],
  );
  const focus = useMemo(() => {
    const [id, hops] = search.focus?.split(":").map(Number) ?? [];
    return id === undefined ? undefined : neighbourhood(edges, id, hops ?? 2);
  }, [edges, search.focus]);
  const faded = useMemo(
    () => focus && new Set(draft.nodes.map((node) => node.id).filter((id) => !focus.has(id))),
    [focus, draft],
  );
  const verdict = verdictOf(plan, isOld, planError);
  const unestimated = plan && missingEstimate(plan);

  const drawing = (
    <div className={style.middle}>
      <CrashBoundary region="The graph">
        <Graph
          label={`Pipeline of ${name}`}
          boxes={boxes}
          lines={lines}
          selected={search.node}
          onSelect={open}
          focus={focus}
          faded={faded}
          fitKey={fitCount}
          onConnect={join}
          onRemoveLine={cut}
        />
      </CrashBoundary>
      {mode === "plan" && plan && (
        <>
          <div className={style.table}>
            <PlanTable nodes={plan.nodes} selected={search.node} onOpen={open} />
          </div>
          <p className={style.total}>
            <b>{plural(draft.nodes.length, "node")}</b>
            {plan.estimate?.seconds && <span>time {range(plan.estimate.seconds, duration)}</span>}
            {plan.estimate?.credits && <span>credits {range(plan.estimate.credits, credits)}</span>}
            {unestimated && <span className="muted">{unestimated}</span>}
          </p>
        </>
      )}
      <Problems
        refused={refused}
        problems={problems}
        draft={draft}
        onDismiss={() => setRefused(undefined)}
        onShow={open}
      />
    </div>
  );

  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1 className="ellipsis">{name}</h1>
        <span className={style.verdict} data-bad={verdict.isBad ? "" : undefined} role="status">
          {verdict.text} · {plural(draft.nodes.length, "node")}
          {plan?.estimate?.credits && ` · est. ${range(plan.estimate.credits, credits)} cr`}
          {plan?.estimate?.seconds && `, ~${range(plan.estimate.seconds, duration)}`}
        </span>
        <span className="muted">
          {graph.isStored ? "configured" : "by lineage"}
          {isDirty && " · unsaved"}
        </span>
        <span className={style.grow} />
        <Choices
          label="Mode"
          value={mode}
          options={[
            { value: "build", label: "Build" },
            { value: "plan", label: "Plan" },
          ]}
          onChange={(next) => set({ mode: next === "build" ? undefined : next }, true)}
        />
        <Button
          look="primary"
          busy={run.isBusy}
          onClick={run.press}
          icon={<Play aria-hidden />}
          keys={shownKeys("Mod+Enter")}
        >
          Run
        </Button>
        <Button busy={isSaving} disabled={!isDirty} onClick={() => void save()} icon={<Save aria-hidden />}>
          Save
        </Button>
        <Menu
          actions={[
            {
              label: "Open the query",
              onSelect: () => void navigate({ to: "/queries/$id", params: { id: String(queryId) } }),
            },
            {
              label: "Runs of this pipeline",
              onSelect: () => void navigate({ to: "/runs", search: { q: name } }),
            },
            { label: "Undo all changes", disabled: !isDirty, onSelect: () => update(saved) },
            {
              label: "Forget it: lineage decides",
              disabled: !graph.isStored,
              onSelect: () => void toLineage().catch(setError),
            },
          ]}
        />
      </header>
      {found && (
        <div className={style.said} role="status">
          There is a draft from {clock(found)} UTC that was not saved.
          <Button small onClick={restore}>
            Restore draft
          </Button>
          <Button small look="plain" onClick={forget}>
            Discard
          </Button>
        </div>
      )}
      {conflict && (
        <div className={style.said} role="alert">
          Another window saved this pipeline in the meantime, with {plural(conflict.nodes.length, "node")}.
          Nothing was overwritten.
          <Button small onClick={() => void save(conflict.revision)}>
            Save mine over it
          </Button>
          <Button
            small
            onClick={() => {
              forget();
              client.setQueryData(pipelineQuery(queryId).queryKey, conflict);
            }}
          >
            Take theirs, drop mine
          </Button>
        </div>
      )}
      {(error ?? (planError || undefined)) !== undefined && (
        <div className={style.said}>
          <ProblemLine error={error ?? planError} />
        </div>
      )}
      <div className={style.body}>
        <Pieces
          draft={draft}
          onAdd={(piece) => {
            const added = add(draft, piece);
            update(added.draft);
            open(added.id);
          }}
        />
        {selected ? (
          <Split name="pipeline" side="right" initial={320} least={240} label="Width of the settings">
            {drawing}
            <NodeSettings
              node={selected}
              draft={draft}
              edges={edges}
              planned={plan?.nodes.find((node) => node.id === selected.id)}
              isTarget={selected.id === targetId}
              onChange={(part) => update(change(draft, selected.id, part))}
              onConnect={(from) => join(from, selected.id)}
              onDisconnect={(from) => cut(from, selected.id)}
              onRemove={() => takeOut(selected.id)}
              onClose={() => open(undefined)}
            />
          </Split>
        ) : (
          drawing
        )}
      </div>
    </div>
  );
};
