import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { newKey } from "../../api/ids";
import { startByLineage } from "../../api/pipelines";
import { cancelRun, type RunDetail, resumeRun, rollBackRun } from "../../api/runs";
import { sessionQuery } from "../../api/session";
import { Confirm } from "../../components/Dialog";
import { plural } from "../../components/format";
import { isFinal } from "../../graph/model";
import { useOnce } from "../useOnce";

export type Asked = ReturnType<typeof useAskedOfRun>;

/** What may be asked of this run: cancel, run again, resume, roll back. The server says which. */
export const useAskedOfRun = (run: RunDetail) => {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [dialog, setDialog] = useState<"cancel" | "rollback">();
  const [error, setError] = useState<unknown>();
  const again = useOnce(
    (key) => startByLineage(run.queryId ?? 0, run.parameters, key),
    (id) => void navigate({ to: "/runs/$id", params: { id } }),
    setError,
  );
  const resume = useOnce(
    (key) => resumeRun(run.id, key),
    (id) => void navigate({ to: "/runs/$id", params: { id } }),
    setError,
  );
  const rollBackKey = useMemo(() => `${run.id}-${newKey()}`, [run.id]);
  const can = {
    cancel: run.actions.includes("cancel") && !isFinal(run.state),
    resume: run.actions.includes("resume") && (session?.features.has("resume") ?? false),
    rollback: run.actions.includes("rollback") && (session?.features.has("rollback") ?? false),
    again: run.queryId !== undefined && isFinal(run.state) && run.kind === "pipeline",
  };
  const executing = run.counts.executing;
  const dialogs = (
    <>
      <Confirm
        open={dialog === "cancel"}
        onClose={() => setDialog(undefined)}
        title={`Cancel the run of ${run.title}?`}
        consequence={
          <>
            {plural(executing, "executing node")} {executing === 1 ? "stops" : "stop"} and{" "}
            {run.counts.pending} pending never start. Nothing is published; views keep the rows they have.
            What was computed is charged.
          </>
        }
        verb="Cancel the run"
        keep="Keep it running"
        onConfirm={async () => {
          const { success } = await cancelRun(run.id);
          if (!success) throw new Error("The run had ended before it could be cancelled.");
          await client.invalidateQueries({ queryKey: ["runs"] });
        }}
      />
      <Confirm
        open={dialog === "rollback"}
        onClose={() => setDialog(undefined)}
        title={`Roll back the run of ${run.title}?`}
        consequence={`${plural(run.moves.length, "view")} go back to what ${run.moves.length === 1 ? "it was" : "they were"} before this run, in one step. Readers see the older rows at once.`}
        verb="Roll back"
        onConfirm={async () => {
          const id = await rollBackRun(run.id, rollBackKey);
          await client.invalidateQueries();
          void navigate({ to: "/runs/$id", params: { id } });
        }}
      />
    </>
  );
  return {
    can,
    error,
    again,
    resume,
    openCancel: () => setDialog("cancel"),
    openRollBack: () => setDialog("rollback"),
    dialogs,
    actions: [
      {
        id: "cancel-run",
        label: "Cancel the run",
        keys: ".",
        disabled: !can.cancel,
        run: () => setDialog("cancel"),
      },
      { id: "run-again", label: "Run again", keys: "Mod+Enter", disabled: !can.again, run: again.press },
      ...(can.resume ? [{ id: "resume", label: "Resume", keys: "Shift+R", run: resume.press }] : []),
    ],
  };
};
