import { useMutation, useMutationState, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { updateDashboard } from "../api/dashboards";
import { updateQuery } from "../api/queries";
import { sessionQuery } from "../api/session";
import type { Thing } from "../api/stars";
import { Renameable } from "../components/Rename";
import { pressInLine, useActions } from "../shell/keys";

type Named = { id: number; name: string; owner: string; version: number };
type Change = { id: number; name: string; version: number };

const change = (kind: Thing["kind"], { id, name, version }: Change): Promise<unknown> =>
  kind === "query" ? updateQuery(id, { name }, version) : updateDashboard(id, { name }, version);

/**
 * Names that are changed in their list. A new name shows while it is on its way; a refusal, as of somebody
 * who changed the thing first, leaves the old one and its reason.
 */
export const useRenameList = (kind: Thing["kind"]) => {
  const key = ["rename", kind];
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [open, setOpen] = useState<number>();
  const [error, setError] = useState<unknown>();
  const pending = useMutationState({
    filters: { mutationKey: key, status: "pending" },
    select: (mutation) => mutation.state.variables as Change,
  });
  const loadAgain = () =>
    Promise.all(
      (kind === "query" ? ["queries", "query"] : ["dashboards", "dashboard"]).map((name) =>
        client.invalidateQueries({ queryKey: [name] }),
      ),
    );
  const { mutate } = useMutation({
    mutationKey: key,
    scope: { id: `rename-${kind}` },
    mutationFn: (asked: Change) => change(kind, asked),
    onMutate: () => setError(undefined),
    onSuccess: loadAgain,
    onError: (caught) => {
      setError(caught);
      void loadAgain();
    },
  });
  useActions([
    {
      id: "rename-line",
      label: `Rename the ${kind} of the line`,
      keys: "F2",
      run: () => pressInLine("rename"),
    },
  ]);
  return {
    error,
    /** A line as it is shown now, its new name included. */
    shown: <T extends Named>(row: T): T => {
      const asked = pending.findLast((one) => one.id === row.id);
      return asked ? { ...row, name: asked.name } : row;
    },
    /** The name of a line, which its owner can change. */
    cell: ({ id, name, owner, version }: Named, children: ReactNode): ReactNode =>
      owner === session?.handle ? (
        <Renameable
          label={`Rename ${name || `${kind} ${id}`}`}
          name={name}
          isOpen={open === id}
          onOpen={() => setOpen(id)}
          onClose={(next) => {
            setOpen(undefined);
            if (next !== undefined) mutate({ id, name: next, version });
          }}
        >
          {children}
        </Renameable>
      ) : (
        children
      ),
  };
};
