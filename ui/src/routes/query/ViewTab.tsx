import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { SavedQuery } from "../../api/queries";
import { sessionQuery } from "../../api/session";
import { deleteView, refreshView, saveView } from "../../api/views";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { CheckField, SelectField, TextField } from "../../components/Field";
import { lastPart, moment } from "../../components/format";
import { ProblemLine } from "../../components/Problem";
import { confirmDone } from "../../components/Toasts";
import { TIERS, type Tier } from "../../graph/model";
import { useOnce } from "../useOnce";
import style from "./Query.module.css";
import { CUSTOM, chosenSchedule, cronFault, SCHEDULES, scheduleFrom } from "./schedule";

/** `Daily volume (v2)` → `daily_volume_v2` */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 50)
    .replace(/_+$/, "");

/** The query as a materialized view: its name, schedule and tier. */
export const ViewTab = ({
  query,
  isDirty,
  hasParameters,
  onExecution,
}: {
  query: SavedQuery;
  isDirty: boolean;
  hasParameters: boolean;
  onExecution: (id: string) => void;
}) => {
  const client = useQueryClient();
  const { view } = query;
  const [name, setName] = useState(view ? lastPart(view.name) : slug(query.name));
  const [tier, setTier] = useState<Tier>(view?.schedule?.tier ?? "medium");
  const [schedule, setSchedule] = useState(() => scheduleFrom(view?.schedule?.cron ?? ""));
  const cronError = cronFault(schedule);
  const session = useQuery(sessionQuery);
  const [isPrivate, setPrivate] = useState(query.isPrivate);
  const [error, setError] = useState<unknown>();
  const [isDeleting, setDeleting] = useState(false);
  const fresh = () =>
    Promise.all(
      [["query", query.id], ["freshness"], ["catalog"], ["queries"], ["pipelines"]].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  const save = useOnce(
    (key) =>
      saveView(
        { name: `result_${name}`, queryId: query.id, isPrivate, tier, cron: schedule.cron.trim() },
        key,
      ),
    ({ executionId }) => {
      void fresh();
      confirmDone(view ? "View changed; it is being computed." : "View made; it is being computed.");
      onExecution(executionId);
    },
    setError,
  );
  const refresh = useOnce(
    (key) => refreshView(view?.name ?? "", key),
    ({ executionId }) => {
      void fresh();
      onExecution(executionId);
    },
    setError,
  );
  if (hasParameters)
    return (
      <div className={style.pad}>
        <h3>A query with parameters cannot be a view</h3>
        <p>
          A view is computed without anybody there to choose values. Write the values into the SQL, or save a
          copy without parameters.
        </p>
      </div>
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (cronError === undefined) save.press();
  };
  return (
    <form className={style.pad} onSubmit={submit}>
      <h3>{view ? view.name : "Make this query a materialized view"}</h3>
      {view ? (
        <p className="muted">
          {view.schedule?.nextAt !== undefined && `Next refresh ${moment(view.schedule.nextAt)}. `}
          <Link to="/catalog/$name" params={{ name: view.name }}>
            In the catalog
          </Link>
        </p>
      ) : (
        <p className="muted">
          Its rows are kept under a name that other queries read. A pipeline refreshes it together with
          everything that depends on it, and readers see all of it or none.
        </p>
      )}
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        disabled={view !== undefined}
        mono
        error={
          /^[a-z0-9]([a-z0-9_]*[a-z0-9])?$/.test(name)
            ? undefined
            : "lower-case letters, digits and _ between them"
        }
        hint={
          view
            ? "A view keeps its name; to rename, delete it and make another."
            : `read as dune.${session.data?.handle ?? "…"}.result_${name}`
        }
      />
      <SelectField
        label="Schedule"
        value={schedule.isCustom ? CUSTOM : schedule.cron}
        options={[...SCHEDULES, { value: CUSTOM, label: "another: cron" }]}
        onChange={(value) => setSchedule((before) => chosenSchedule(before, value))}
      />
      {schedule.isCustom && (
        <TextField
          label="Cron, in UTC"
          value={schedule.cron}
          onChange={(cron) => setSchedule({ isCustom: true, cron })}
          mono
          error={cronError}
          hint="five fields; 15 minutes to a week apart"
        />
      )}
      <SelectField label="Tier" value={tier} options={TIERS} onChange={setTier} />
      <CheckField label="Private: only this handle reads it" checked={isPrivate} onChange={setPrivate} />
      {isDirty && (
        <p className="muted">
          Unsaved changes are not part of it: the view is computed from the saved version.
        </p>
      )}
      {error !== undefined && <ProblemLine error={error} />}
      <div className={style.status} style={{ margin: 0 }}>
        <Button look="primary" type="submit" busy={save.isBusy}>
          {view ? "Save and refresh" : "Make view"}
        </Button>
        {view && (
          <Button busy={refresh.isBusy} onClick={refresh.press}>
            Refresh now
          </Button>
        )}
        {view && (
          <Button look="plain" onClick={() => setDeleting(true)}>
            Delete view
          </Button>
        )}
      </div>
      {view && (
        <Confirm
          open={isDeleting}
          onClose={() => setDeleting(false)}
          title={`Delete the view ${view.name}?`}
          consequence="Its rows and its schedule go. Queries that read it will fail until they are changed. The query itself stays."
          verb="Delete view"
          name={view.name}
          onConfirm={async () => {
            await deleteView(view.name);
            await fresh();
          }}
        />
      )}
    </form>
  );
};
