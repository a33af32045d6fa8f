import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { createDashboard, dashboardsQuery, type ListedDashboard } from "../api/dashboards";
import { Button, buttonClass } from "../components/Button";
import { type Column, DataTable, sorted } from "../components/DataTable";
import { Dialog, DialogActions } from "../components/Dialog";
import { SearchField, TextField } from "../components/Field";
import { Empty, Skeleton } from "../components/Panel";
import { NotLoaded, ProblemLine } from "../components/Problem";
import { Ago } from "../components/Time";
import { usePage } from "../shell/page";
import style from "./Page.module.css";
import { sortOf, sortText } from "./search";
import { useRenameList } from "./useRenameList";
import { StarChoice, useStarList } from "./useStarList";

export const DashboardsPage = () => {
  usePage("Dashboards", [{ label: "Dashboards" }]);
  const search = useSearch({ from: "/inside/dashboards" });
  const navigate = useNavigate({ from: "/dashboards" });
  const [isMaking, setMaking] = useState(false);
  const q = search.q ?? "";
  const isStarredOnly = search.starred === "1";
  const stars = useStarList<ListedDashboard>("dashboard", isStarredOnly);
  const names = useRenameList("dashboard");
  const error = stars.error ?? names.error;
  const list = useQuery({
    ...dashboardsQuery({ ...(q ? { q } : {}), ...(isStarredOnly ? { starred: true } : {}) }),
    placeholderData: (before) => before,
  });
  const rows = (list.data ?? []).map(names.shown).filter(stars.isShown);
  const columns: Column<ListedDashboard>[] = [
    stars.column,
    {
      key: "name",
      title: "Dashboard",
      by: (one) => one.name.toLowerCase(),
      cell: (one) =>
        names.cell(
          one,
          <Link to="/dashboards/$id" params={{ id: String(one.id) }} className="ellipsis">
            {one.name}
          </Link>,
        ),
    },
    { key: "owner", title: "Owner", by: (one) => one.owner, cell: (one) => one.owner },
    {
      key: "widgets",
      title: "Widgets",
      right: true,
      by: (one) => one.widgetCount,
      cell: (one) => one.widgetCount,
    },
    {
      key: "published",
      title: "Refreshed",
      right: true,
      by: (one) => one.publishedAt ?? Number.NaN,
      cell: (one) =>
        one.publishedAt === undefined ? <span className="muted">never</span> : <Ago at={one.publishedAt} />,
    },
    {
      key: "updated",
      title: "Changed",
      right: true,
      wide: true,
      by: (one) => one.updatedAt,
      cell: (one) => <Ago at={one.updatedAt} />,
    },
  ];
  const sort = sortOf(search.sort);
  const makeButton = (
    <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
      New dashboard
    </Button>
  );
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Dashboards</h1>
        <StarChoice
          isStarredOnly={isStarredOnly}
          onChange={(starred) => void navigate({ search: (before) => ({ ...before, starred }) })}
        />
        <span className={style.grow} />
        <div className={style.filter}>
          <SearchField
            label="Search dashboards"
            value={q}
            onChange={(text) =>
              void navigate({ search: (before) => ({ ...before, q: text || undefined }), replace: true })
            }
            isPageFilter
          />
        </div>
        {makeButton}
      </header>
      {error !== undefined && (
        <div className={style.pad}>
          <ProblemLine error={error} />
        </div>
      )}
      <div className={style.body}>
        {list.isPending ? (
          <Skeleton lines={6} />
        ) : list.error && !list.data ? (
          <NotLoaded query={list} title="Dashboards could not be loaded" />
        ) : rows.length === 0 && isStarredOnly && !q ? (
          <Empty
            title="No dashboard has your star"
            actions={
              <Link to="/dashboards" className={buttonClass}>
                All dashboards
              </Link>
            }
          >
            A star keeps a dashboard here, and first in the search. Press s on its page, or the star before
            its name.
          </Empty>
        ) : rows.length === 0 ? (
          <Empty title={q ? "No dashboard fits" : "No dashboards yet"} actions={makeButton}>
            A dashboard shows charts of several queries and refreshes them as one run, so its numbers belong
            together.
          </Empty>
        ) : (
          <DataTable
            label="Dashboards"
            columns={columns}
            rows={sorted(rows, columns, sort)}
            rowKey={(one) => String(one.id)}
            onOpen={(one) => void navigate({ to: "/dashboards/$id", params: { id: String(one.id) } })}
            sort={sort}
            onSort={(next) =>
              void navigate({ search: (before) => ({ ...before, sort: sortText(next) }), replace: true })
            }
          />
        )}
      </div>
      {isMaking && <MakeDashboard onClose={() => setMaking(false)} />}
    </div>
  );
};

const MakeDashboard = ({ onClose }: { onClose: () => void }) => {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const made = await createDashboard(name.trim());
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      void navigate({ to: "/dashboards/$id", params: { id: String(made.id) }, search: { edit: "1" } });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Dialog open onClose={onClose} title="New dashboard">
      <form className={style.form} onSubmit={make}>
        <TextField label="Name" value={name} onChange={setName} autoFocus />
        {error !== undefined && <ProblemLine error={error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={isBusy} disabled={!name.trim()}>
            Make
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
};
