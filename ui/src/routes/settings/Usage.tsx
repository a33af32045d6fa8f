/** What was spent, by day and by query, and the receipts behind a day. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type DayReceipt, receiptsQuery, usageQuery } from "../../api/usage";
import { DataTable } from "../../components/DataTable";
import { TextField } from "../../components/Field";
import { bytes, credits, duration, moment, plural } from "../../components/format";
import { Panel, Skeleton } from "../../components/Panel";
import { NotLoaded, Problem } from "../../components/Problem";
import { DayBars } from "../Home";
import style from "../Page.module.css";
import type { settingsSearch } from "../search";

export const Usage = () => {
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
  if (usage.error && !usage.data) return <NotLoaded query={usage} title="Usage could not be loaded" />;
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
