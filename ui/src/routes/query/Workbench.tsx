/** Editor, parameters and result of one query, saved or new. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { completionQuery } from "../../api/catalog";
import { ApiError } from "../../api/http";
import type { Parameter } from "../../api/parameters";
import {
  archiveQuery,
  createQuery,
  queryKey,
  type SavedQuery,
  savedQuery,
  updateQuery,
} from "../../api/queries";
import { cancelExecution, isOver } from "../../api/results";
import { executeQuery, executeSql } from "../../api/statements";
import { Button } from "../../components/Button";
import { CrashBoundary } from "../../components/CrashBoundary";
import { clock } from "../../components/format";
import { late } from "../../components/late";
import { ParamForm, valuesOf } from "../../components/ParamForm";
import { ProblemLine } from "../../components/Problem";
import { Split } from "../../components/Split";
import { confirmDone } from "../../components/Toasts";
import type { EditorHandle } from "../../editor/Editor";
import type { Tier } from "../../graph/model";
import { useActions } from "../../shell/keys";
import { nonce } from "../../shell/nonce";
import { parametersOf, type querySearch, withParameters } from "../search";
import { useOnce } from "../useOnce";
import { CatalogSide } from "./CatalogSide";
import { isSame, parametersFor, type Text, useDraft, valueFaults } from "./draft";
import { ErrorStrip, type Shown } from "./ErrorStrip";
import { Head } from "./Head";
import style from "./Query.module.css";
import { Results } from "./Results";
import { useCheck } from "./useCheck";
import { useExecution } from "./useExecution";

const ConflictDialog = late(() => import("./Dialogs").then((module) => module.ConflictDialog), null);
const ParametersDialog = late(() => import("./Dialogs").then((module) => module.ParametersDialog), null);
const VersionDiff = late(() => import("./Dialogs").then((module) => module.VersionDiff), null);
const Editor = late(() => import("../../editor/Editor").then((module) => module.Editor));

export type Search = ReturnType<typeof querySearch> & Record<string, unknown>;

const EMPTY: Text = { name: "", sql: "", description: "", isPrivate: false, parameters: [] };
const FORK = "fork";

const textOf = (saved: SavedQuery): Text => ({
  name: saved.name,
  sql: saved.sql,
  description: saved.description,
  isPrivate: saved.isPrivate,
  parameters: saved.parameters,
});

/** A copy handed to the page of a new query; taken once. */
const takeFork = (): Text | undefined => {
  const kept = sessionStorage.getItem(FORK);
  sessionStorage.removeItem(FORK);
  return kept ? (JSON.parse(kept) as Text) : undefined;
};

export const Workbench = ({
  saved,
  older,
}: {
  saved: SavedQuery | undefined;
  older?: { version: number; sql: string; parameters: Parameter[] };
}) => {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const client = useQueryClient();
  const editor = useRef<EditorHandle>(null);
  const [fork] = useState(() => (saved ? undefined : takeFork()));
  // What is compared with: the version that was loaded, until a save.
  const [base, setBase] = useState(() => ({
    text: saved ? textOf(saved) : EMPTY,
    version: saved?.version ?? 0,
  }));
  const [start] = useState(() =>
    older ? { ...base.text, sql: older.sql, parameters: older.parameters } : (fork ?? base.text),
  );
  const { text, change, replace, isDirty, found, forget } = useDraft(
    saved?.id ?? "new",
    base.text,
    base.version,
    start,
  );

  const parameters = useMemo(() => parametersFor(text.sql, text.parameters), [text.sql, text.parameters]);
  const chosen = parametersOf(search);
  const values = valuesOf(parameters, chosen);
  const valuesKey = JSON.stringify(values);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the values
  const wrong = useMemo(() => valueFaults(text.sql, parameters, values), [text.sql, parameters, valuesKey]);
  const isValid = wrong.length === 0;
  // The server neither runs nor changes it.
  const isArchived = saved?.isArchived === true;
  const canRun = isValid && !isArchived;
  const [tier, setTier] = useState<Tier>("medium");
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState<SavedQuery>();
  const [isSaving, setSaving] = useState(false);
  const [dialog, setDialog] = useState<"parameters">();

  const set = useCallback(
    (part: Partial<Search>, push = false) =>
      void navigate({
        to: ".",
        search: ((before: Record<string, unknown>) => ({ ...before, ...part })) as never,
        replace: !push,
        resetScroll: false,
      }),
    [navigate],
  );

  // Rows are those of a saved version; a parameter that the draft has lost still had its value there.
  const version = older?.version ?? base.version;
  const asSaved = older ?? base.text;
  const savedParameters = useMemo(() => parametersFor(asSaved.sql, asSaved.parameters), [asSaved]);
  const current = useExecution(
    saved?.id,
    version,
    search.exec,
    savedParameters,
    valuesOf(savedParameters, { ...chosen, ...values }),
  );
  const isRunning = current.execution !== undefined && !isOver(current.execution.state);
  const checked = useCheck(text.sql, parameters, values, isValid);
  const [ran, setRan] = useState<{ id: string; text: string; isPart: boolean }>();

  // What runs next: the whole text, or the part of it that was marked.
  const part = useRef("");
  const run = useOnce(
    (idempotencyKey) => {
      const ask = { values, parameters, tier, idempotencyKey };
      const isSaved =
        saved !== undefined && part.current === "" && isSame({ ...text, name: base.text.name }, base.text);
      return isSaved ? executeQuery(saved.id, ask) : executeSql(part.current || text.sql, ask);
    },
    ({ executionId }) => {
      setRan({ id: executionId, text: part.current || text.sql, isPart: part.current !== "" });
      set({ exec: executionId, row: undefined, filter: undefined, sort: undefined }, true);
    },
    setError,
  );
  const press = (onlySelection: boolean) => {
    if (!canRun || text.sql.trim() === "") return;
    part.current = onlySelection ? (editor.current?.selection() ?? "") : "";
    run.press();
  };

  const store = async (version: number) => {
    setSaving(true);
    setError(undefined);
    const draft = { ...text, name: text.name.trim() || "Untitled query", parameters };
    try {
      if (!saved) {
        const id = await createQuery(draft);
        forget();
        await client.invalidateQueries({ queryKey: ["queries"] });
        confirmDone("Query saved.");
        await navigate({
          to: "/queries/$id",
          params: { id: String(id) },
          search: ((before: Record<string, unknown>) => before) as never,
          ignoreBlocker: true,
        });
        return;
      }
      await updateQuery(saved.id, draft, version);
      const next = await client.fetchQuery({ ...savedQuery(saved.id), staleTime: 0 });
      setBase({ text: textOf(next), version: next.version });
      // What was typed while the answer was on its way stays as it is.
      replace((before) => (isSame(before, text) ? textOf(next) : before));
      forget();
      setConflict(undefined);
      await client.invalidateQueries({ queryKey: ["query", saved.id, "versions"] });
      await client.invalidateQueries({ queryKey: ["queries"] });
      confirmDone(`Saved as version ${next.version}.`);
      if (search.v !== undefined) set({ v: undefined });
    } catch (caught) {
      if (saved && caught instanceof ApiError && caught.status === 409)
        setConflict(await client.fetchQuery({ ...savedQuery(saved.id), staleTime: 0 }));
      else setError(caught);
    } finally {
      setSaving(false);
    }
  };
  const save = () => {
    if (!isArchived) void store(base.version);
  };
  const back = useOnce(
    () => archiveQuery(saved?.id ?? 0, false),
    ({ query_id }) => {
      for (const key of [queryKey(query_id), ["queries"]]) void client.invalidateQueries({ queryKey: key });
      confirmDone("Query brought back.");
    },
    setError,
  );
  const latest = useRef(text.sql);
  latest.current = text.sql;
  const format = () => {
    import("../../editor/tidy").then(({ tidy }) => editor.current?.setText(tidy(latest.current)), setError);
  };
  const takeText = (next: Text) => {
    replace(next);
    editor.current?.setText(next.sql);
  };

  useActions([
    { id: "run", label: "Run", keys: "Mod+Enter", disabled: !canRun, run: () => press(false) },
    { id: "run-part", label: "Run the selection", keys: "Mod+Shift+Enter", run: () => press(true) },
    { id: "save", label: "Save", keys: "Mod+S", run: save },
    { id: "format", label: "Format the SQL", keys: "Mod+Shift+F", run: format },
    {
      id: "cancel",
      label: "Cancel the statement",
      keys: ".",
      disabled: !isRunning,
      run: () => current.execution && void cancelExecution(current.execution.id).catch(setError),
    },
    {
      id: "swap",
      label: "Editor and result in turn",
      keys: "Mod+J",
      run: () => {
        const grid = document.querySelector<HTMLElement>("[role=grid]");
        if (document.activeElement?.closest("[data-editor]") && grid) grid.focus();
        else editor.current?.focus();
      },
    },
  ]);

  /** As by the tab itself: the keys go on from there. */
  const openTab = (tab: "view" | "lineage" | "history") => {
    set({ tab }, true);
    document.getElementById(`query-${tab}`)?.focus();
  };
  useActions(
    saved
      ? [
          {
            id: "pipeline",
            label: "See its pipeline",
            run: () => void navigate({ to: "/pipelines/$queryId", params: { queryId: String(saved.id) } }),
          },
          {
            id: "make-view",
            label: saved.view ? "Settings of its view" : "Make it a view",
            run: () => openTab("view"),
          },
          { id: "lineage", label: "Its lineage", run: () => openTab("lineage") },
          { id: "history", label: "Its versions and history", run: () => openTab("history") },
        ]
      : [],
  );

  const known = useCallback(async () => {
    const catalog = await client.ensureQueryData(completionQuery);
    return { ...catalog, parameters: parameters.map((one) => one.key) };
  }, [client, parameters]);
  useQuery(completionQuery);

  const failure =
    current.execution?.error &&
    (!ran || ran.id === current.execution.id || search.exec === current.execution.id)
      ? current.execution.error
      : undefined;
  const isFailureOfText =
    failure !== undefined && (ran === undefined || (!ran.isPart && ran.text === text.sql));
  const faults = useMemo(
    () => ({
      text: text.sql,
      // Without values there is no statement yet that could be wrong.
      faults:
        wrong.length > 0
          ? wrong
          : [
              ...(checked?.text === text.sql ? checked.result.errors : []),
              ...(isFailureOfText && failure && checked?.result.ok !== false ? [failure] : []),
            ],
    }),
    [text.sql, wrong, checked, failure, isFailureOfText],
  );
  // A failure of another text, or of a part of this one, has no place that could be shown here.
  const shown: Shown | undefined =
    faults.faults[0] ??
    (failure && !isRunning ? (isFailureOfText ? failure : { message: failure.message }) : undefined);

  return (
    <div className={style.page}>
      <Head
        saved={saved}
        name={text.name}
        isPrivate={text.isPrivate}
        isDirty={isDirty}
        version={version}
        isOlder={older !== undefined}
        tier={tier}
        onTier={setTier}
        onName={(name) => change({ name })}
        onPrivate={(isPrivate) => change({ isPrivate })}
        isRunning={isRunning || run.isBusy}
        canRun={canRun && text.sql.trim() !== ""}
        onRun={() => press(false)}
        onCancel={() => current.execution && void cancelExecution(current.execution.id).catch(setError)}
        isSaving={isSaving}
        onSave={save}
        onFormat={format}
        onParameters={() => setDialog("parameters")}
        onFork={() => {
          sessionStorage.setItem(
            FORK,
            JSON.stringify({ ...text, name: `${text.name || "Query"} (copy)`, parameters }),
          );
          void navigate({ to: "/queries/new", search: withParameters(chosen) as never });
        }}
        onTab={(tab) => set({ tab }, true)}
        onBringBack={back.press}
        onError={setError}
      />
      {isArchived && (
        <div className={style.said} role="status">
          This query is archived: lists and the search leave it out, and it is neither run nor changed.
          <Button small busy={back.isBusy} onClick={back.press}>
            Bring back
          </Button>
        </div>
      )}
      {found && (
        <div className={style.said} role="status">
          There is a draft from {clock(found.at)} UTC that was not saved
          {found.version !== base.version && `, begun on version ${found.version}`}.
          <Button
            small
            onClick={() => {
              takeText(found.text);
              forget();
            }}
          >
            Restore draft
          </Button>
          <Button small look="plain" onClick={forget}>
            Discard
          </Button>
        </div>
      )}
      {parameters.length > 0 && (
        <div className={style.params}>
          <ParamForm
            parameters={parameters}
            values={values}
            faults={Object.fromEntries(wrong.map((one) => [one.key, one.fault]))}
            onChange={(key, value) => set({ [`p.${key}`]: value, exec: undefined })}
          />
        </div>
      )}
      {error !== undefined && (
        <div className={style.said}>
          <ProblemLine error={error} />
        </div>
      )}
      <Split name="query" side="below" initial={360} least={140} label="Height of the result">
        <Split name="query-catalog" side="right" initial={260} least={180} label="Width of the catalog">
          <div className={style.editor}>
            <CrashBoundary region="The editor">
              <Editor
                ref={editor}
                text={start.sql}
                onChange={(sql) => change({ sql })}
                faults={faults}
                known={known}
                nonce={nonce}
              />
            </CrashBoundary>
            {shown && (
              <ErrorStrip
                error={shown}
                more={Math.max(0, faults.faults.length - 1)}
                onGoTo={(place) => editor.current?.goTo(place)}
                onReplace={(place, by) => editor.current?.replace(place, by)}
              />
            )}
          </div>
          <CatalogSide onInsert={(name) => editor.current?.insert(name)} />
        </Split>
        <Results
          saved={saved}
          isDirty={isDirty}
          hasParameters={parameters.length > 0}
          current={current}
          search={search}
          set={set}
          version={version}
          onGoTo={(place) => editor.current?.goTo(place)}
        />
      </Split>
      {conflict && (
        <ConflictDialog
          open
          base={{ sql: base.text.sql, version: base.version }}
          mine={text.sql}
          theirs={conflict}
          onClose={() => setConflict(undefined)}
          onKeepMine={() => void store(conflict.version)}
          onTakeTheirs={() => {
            setBase({ text: textOf(conflict), version: conflict.version });
            takeText(textOf(conflict));
            forget();
            setConflict(undefined);
          }}
        />
      )}
      {saved && search.diff !== undefined && (
        <VersionDiff
          id={saved.id}
          version={search.diff}
          current={text.sql}
          onClose={() => set({ diff: undefined })}
          onTake={(sql) => {
            editor.current?.setText(sql);
            set({ diff: undefined });
          }}
        />
      )}
      {dialog === "parameters" && (
        <ParametersDialog
          parameters={parameters}
          onChange={(next) => change({ parameters: next })}
          onClose={() => setDialog(undefined)}
        />
      )}
    </div>
  );
};
