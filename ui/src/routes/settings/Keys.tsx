/** Keys of this handle: made, shown once, revoked. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { createKey, type Key, keysQuery, revokeKey, type Scope } from "../../api/session";
import { Button } from "../../components/Button";
import { CopyButton } from "../../components/CopyButton";
import { DataTable } from "../../components/DataTable";
import { Confirm, Dialog, DialogActions } from "../../components/Dialog";
import { SelectField, TextField } from "../../components/Field";
import { Skeleton } from "../../components/Panel";
import { NotLoaded, ProblemLine } from "../../components/Problem";
import { Ago } from "../../components/Time";
import style from "../Page.module.css";

export const Keys = ({ canWrite }: { canWrite: boolean }) => {
  const client = useQueryClient();
  const keys = useQuery(keysQuery);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<Key>();
  if (keys.isPending) return <Skeleton lines={5} />;
  if (keys.error) return <NotLoaded query={keys} title="Keys could not be loaded" />;
  return (
    <>
      <div className={style.head}>
        <p className="muted">A key acts for this handle. Its text is shown once, when it is made.</p>
        <span className={style.grow} />
        {canWrite && (
          <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
            New key
          </Button>
        )}
      </div>
      <DataTable<Key>
        label="Keys"
        rows={keys.data}
        rowKey={(key) => key.id}
        columns={[
          {
            key: "name",
            title: "Name",
            cell: (key) => (
              <>
                {key.name || <span className="muted">no name</span>}
                {key.isCurrent && <span className="muted"> · this session</span>}
              </>
            ),
          },
          { key: "prefix", title: "Begins", cell: (key) => key.prefix && <code>{key.prefix}…</code> },
          { key: "scope", title: "Scope", cell: (key) => (key.scope === "write" ? "read/write" : "read") },
          { key: "made", title: "Made", cell: (key) => <Ago at={key.createdAt} /> },
          {
            key: "used",
            title: "Last used",
            cell: (key) =>
              key.lastUsedAt === undefined ? (
                <span className="muted">never</span>
              ) : (
                <Ago at={key.lastUsedAt} />
              ),
          },
          {
            key: "act",
            title: "",
            right: true,
            cell: (key) =>
              canWrite && (
                <Button small onClick={() => setRevoked(key)}>
                  Revoke
                </Button>
              ),
          },
        ]}
      />
      {isMaking && <MakeKey onClose={() => setMaking(false)} />}
      {revoked && (
        <Confirm
          open
          onClose={() => setRevoked(undefined)}
          title={`Revoke the key ${revoked.name || revoked.prefix}?`}
          consequence={
            revoked.isCurrent
              ? "It is the key of this session: you are signed out at once, and everything else that uses it stops too."
              : "Everything that uses it is refused from now on, and its sessions end. This cannot be taken back."
          }
          verb="Revoke key"
          onConfirm={async () => {
            await revokeKey(revoked.id);
            await client.invalidateQueries({ queryKey: ["keys"] });
          }}
        />
      )}
    </>
  );
};

const MakeKey = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const [made, setMade] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      setMade((await createKey(name.trim(), scope)).text);
      await client.invalidateQueries({ queryKey: ["keys"] });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open onClose={onClose} title={made ? "Copy the key now" : "New key"}>
      {made ? (
        <>
          <p>It is not shown again.</p>
          <p className={style.row}>
            <code style={{ overflowWrap: "anywhere", flex: 1 }}>{made}</code>
            <CopyButton text={made} />
          </p>
          <DialogActions>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </DialogActions>
        </>
      ) : (
        <form className={style.form} onSubmit={make}>
          <TextField label="Name" value={name} onChange={setName} placeholder="laptop, CI, …" autoFocus />
          <SelectField
            label="Scope"
            value={scope}
            options={[
              { value: "read", label: "read: run queries and pipelines, read results" },
              { value: "write", label: "read/write: also change queries, views, tables and keys" },
            ]}
            onChange={setScope}
          />
          {error !== undefined && <ProblemLine error={error} />}
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" type="submit" busy={isBusy}>
              Make key
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
};
