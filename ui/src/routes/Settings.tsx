import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import {
  createKey,
  type Key,
  keysQuery,
  namespacesQuery,
  revokeKey,
  type Scope,
  sessionQuery,
} from "../api/session";
import { type DayReceipt, receiptsQuery, usageQuery } from "../api/usage";
import { Button } from "../components/Button";
import { CopyButton } from "../components/CopyButton";
import { DataTable } from "../components/DataTable";
import { Confirm, Dialog, DialogActions } from "../components/Dialog";
import { Choices, SelectField, TextField } from "../components/Field";
import { bytes, credits, duration, moment, plural } from "../components/format";
import { Empty, Panel, Skeleton, Tabs } from "../components/Panel";
import { Problem, ProblemLine } from "../components/Problem";
import { Ago } from "../components/Time";
import { usePage } from "../shell/page";
import { setAppearance, useAppearance } from "../shell/theme";
import { DayBars } from "./Home";
import style from "./Page.module.css";
import { SETTINGS, type settingsSearch } from "./search";

type Section = (typeof SETTINGS)[number];

const LABELS: Record<Section, string> = {
  keys: "Keys",
  usage: "Usage",
  namespaces: "Namespaces",
  webhooks: "Webhooks",
  appearance: "Appearance",
};

export const SettingsPage = () => {
  const params = useParams({ strict: false }) as { section?: string };
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const shown = SETTINGS.filter((one) => one !== "webhooks" || session?.features.has("webhooks"));
  const section = shown.find((one) => one === params.section) ?? "keys";
  usePage(`${LABELS[section]} · Settings`, [
    { label: "Settings", to: "/settings" },
    { label: LABELS[section] },
  ]);
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Settings</h1>
        <span className={style.grow} />
        {session && (
          <span className="muted">
            {session.handle} · {session.scope === "write" ? "read/write" : "read"} · Qanat {session.version}
          </span>
        )}
      </header>
      <Tabs
        id="settings"
        label="Settings"
        value={section}
        tabs={shown.map((value) => ({ value, label: LABELS[value] }))}
        onChange={(next) => void navigate({ to: "/settings/$section", params: { section: next } })}
      />
      <div className={style.body} id="settings-panel" role="tabpanel" aria-labelledby={`settings-${section}`}>
        {section === "keys" ? (
          <Keys canWrite={session?.scope === "write"} />
        ) : section === "usage" ? (
          <Usage />
        ) : section === "namespaces" ? (
          <Namespaces />
        ) : section === "appearance" ? (
          <Appearance />
        ) : (
          <Empty title="Webhooks">Deliveries to other systems are not configured.</Empty>
        )}
      </div>
    </div>
  );
};

const Keys = ({ canWrite }: { canWrite: boolean }) => {
  const client = useQueryClient();
  const keys = useQuery(keysQuery);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<Key>();
  if (keys.isPending) return <Skeleton lines={5} />;
  if (keys.error)
    return (
      <div className={style.pad}>
        <Problem error={keys.error} title="Keys could not be loaded" onRetry={() => void keys.refetch()} />
      </div>
    );
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

const Usage = () => {
  const search = useSearch({ strict: false }) as ReturnType<typeof settingsSearch>;
  const navigate = useNavigate();
  const set = (part: Partial<typeof search>) =>
    void navigate({
      to: ".",
      search: ((before: typeof search) => ({ ...before, ...part })) as never,
      replace: true,
    });
  const usage = useQuery(
    usageQuery({ ...(search.from ? { from: search.from } : {}), ...(search.to ? { to: search.to } : {}) }),
  );
  if (usage.isPending) return <Skeleton lines={8} />;
  if (usage.error && !usage.data)
    return (
      <div className={style.pad}>
        <Problem error={usage.error} title="Usage could not be loaded" onRetry={() => void usage.refetch()} />
      </div>
    );
  const { data } = usage;
  return (
    <div className={style.pad}>
      <div className={style.stack}>
        <div className={style.row}>
          <TextField
            label="From"
            type="date"
            value={search.from ?? data.from}
            onChange={(from) => set({ from })}
            small
          />
          <TextField
            label="To"
            type="date"
            value={search.to ?? data.to}
            onChange={(to) => set({ to })}
            small
          />
          <span className={style.figure}>
            {credits(data.used)}
            <small>
              credits{data.included !== undefined && ` of ${credits(data.included)}`}, {data.from} to{" "}
              {data.to}
            </small>
          </span>
        </div>
        <Panel title="Credits by day" label="Credits by day">
          <DayBars
            days={data.days}
            picked={search.day}
            onPick={(day) => set({ day: search.day === day ? undefined : day })}
          />
          <p className={style.none}>Press a day to see the receipts behind it. Their sum is the bar.</p>
        </Panel>
        {search.day && <Receipts day={search.day} />}
        <Panel title="By query">
          <DataTable
            label="Credits by query"
            rows={data.top}
            rowKey={(one) => String(one.queryId)}
            columns={[
              {
                key: "title",
                title: "Query",
                cell: (one) =>
                  one.queryId > 0 ? (
                    <Link to="/queries/$id" params={{ id: String(one.queryId) }}>
                      {one.title}
                    </Link>
                  ) : (
                    one.title
                  ),
              },
              { key: "count", title: "Executions", right: true, cell: (one) => one.executions },
              { key: "credits", title: "Credits", right: true, cell: (one) => credits(one.credits) },
            ]}
          />
        </Panel>
      </div>
    </div>
  );
};

const Receipts = ({ day }: { day: string }) => {
  const receipts = useQuery(receiptsQuery(day));
  return (
    <Panel title={`Receipts of ${day}`}>
      {receipts.isPending ? (
        <Skeleton lines={4} />
      ) : receipts.error ? (
        <Problem error={receipts.error} onRetry={() => void receipts.refetch()} />
      ) : (
        <>
          <p className={style.none}>
            {plural(receipts.data.total, "receipt")}, {credits(receipts.data.credits)} credits
          </p>
          <DataTable<DayReceipt>
            label="Receipts"
            rows={receipts.data.receipts}
            rowKey={(one) => `${one.executionId}-${one.attempt}`}
            columns={[
              { key: "title", title: "Node", cell: (one) => one.title },
              {
                key: "run",
                title: "Run",
                cell: (one) => (
                  <Link to="/runs/$id" params={{ id: one.runId }}>
                    …{one.runId.slice(-6)}
                  </Link>
                ),
              },
              { key: "tier", title: "Tier", cell: (one) => one.tier },
              { key: "cpu", title: "CPU", right: true, cell: (one) => duration(one.cpuSeconds) },
              { key: "scanned", title: "Scanned", right: true, cell: (one) => bytes(one.bytesScanned) },
              { key: "written", title: "Written", right: true, cell: (one) => bytes(one.bytesWritten) },
              { key: "credits", title: "Credits", right: true, cell: (one) => credits(one.credits) },
              { key: "ended", title: "Ended", right: true, wide: true, cell: (one) => moment(one.endedAt) },
            ]}
          />
        </>
      )}
    </Panel>
  );
};

const Namespaces = () => {
  const namespaces = useQuery(namespacesQuery);
  if (namespaces.isPending) return <Skeleton lines={4} />;
  if (namespaces.error)
    return (
      <div className={style.pad}>
        <Problem
          error={namespaces.error}
          title="Namespaces could not be loaded"
          onRetry={() => void namespaces.refetch()}
        />
      </div>
    );
  return (
    <DataTable
      label="Namespaces"
      rows={namespaces.data}
      rowKey={(one) => one.handle}
      columns={[
        {
          key: "handle",
          title: "Namespace",
          cell: (one) => (
            <>
              <span className="mono">dune.{one.handle}</span>
              {one.isOwn && <span className="muted"> · yours</span>}
            </>
          ),
        },
        { key: "queries", title: "Queries", right: true, cell: (one) => one.queries },
        { key: "views", title: "Views", right: true, cell: (one) => one.views },
        { key: "uploads", title: "Uploads", right: true, cell: (one) => one.uploads },
        { key: "size", title: "Size", right: true, cell: (one) => bytes(one.sizeBytes) },
      ]}
    />
  );
};

const Appearance = () => {
  const appearance = useAppearance();
  return (
    <div className={style.pad}>
      <div className={style.form}>
        <h2>Theme</h2>
        <div>
          <Choices
            label="Theme"
            value={appearance.theme}
            options={[
              { value: "system", label: "as the system" },
              { value: "light", label: "light" },
              { value: "dark", label: "dark" },
            ]}
            onChange={(theme) => setAppearance({ theme })}
          />
        </div>
        <h2>Density</h2>
        <div>
          <Choices
            label="Density"
            value={appearance.density}
            options={[
              { value: "dense", label: "dense" },
              { value: "roomy", label: "roomy" },
            ]}
            onChange={(density) => setAppearance({ density })}
          />
        </div>
        <h2>Motion</h2>
        <div>
          <Choices
            label="Motion"
            value={appearance.motion}
            options={[
              { value: "system", label: "as the system" },
              { value: "reduced", label: "reduced" },
            ]}
            onChange={(motion) => setAppearance({ motion })}
          />
        </div>
        <p className="muted">
          Kept in this browser. Press <kbd>?</kbd> on any page for its keys.
        </p>
      </div>
    </div>
  );
};
