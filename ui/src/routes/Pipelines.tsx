import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ListedPipeline, pipelinesQuery } from "../api/pipelines";
import { buttonClass } from "../components/Button";
import { type Column, DataTable, sorted } from "../components/DataTable";
import { SearchField } from "../components/Field";
import { Empty, Skeleton } from "../components/Panel";
import { NotLoaded } from "../components/Problem";
import { State } from "../components/State";
import { Ago } from "../components/Time";
import { usePage } from "../shell/page";
import style from "./Page.module.css";
import { sortOf, sortText } from "./search";

export const PipelinesPage = () => {
  usePage("Pipelines", [{ label: "Pipelines" }]);
  const search = useSearch({ from: "/inside/pipelines" });
  const navigate = useNavigate({ from: "/pipelines" });
  const q = search.q ?? "";
  const list = useQuery({ ...pipelinesQuery(q), placeholderData: (before) => before });
  const columns: Column<ListedPipeline>[] = [
    {
      key: "name",
      title: "Pipeline of",
      by: (one) => one.name.toLowerCase(),
      cell: (one) => (
        <Link to="/pipelines/$queryId" params={{ queryId: String(one.queryId) }}>
          {one.name}
        </Link>
      ),
    },
    { key: "nodes", title: "Nodes", right: true, by: (one) => one.nodeCount, cell: (one) => one.nodeCount },
    {
      key: "made",
      title: "Made by",
      by: (one) => String(one.isStored),
      cell: (one) => (one.isStored ? "configured" : "lineage"),
    },
    {
      key: "last",
      title: "Last run",
      by: (one) => one.lastRun?.submittedAt ?? Number.NaN,
      cell: (one) =>
        one.lastRun && (
          <Link to="/runs/$id" params={{ id: one.lastRun.id }}>
            <State state={one.lastRun.state} />
          </Link>
        ),
    },
    {
      key: "when",
      title: "When",
      right: true,
      by: (one) => one.lastRun?.submittedAt ?? Number.NaN,
      cell: (one) => one.lastRun?.submittedAt !== undefined && <Ago at={one.lastRun.submittedAt} />,
    },
  ];
  const sort = sortOf(search.sort);
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Pipelines</h1>
        <span className={style.grow} />
        <div className={style.filter}>
          <SearchField
            label="Search pipelines"
            value={q}
            onChange={(text) =>
              void navigate({ search: (before) => ({ ...before, q: text || undefined }), replace: true })
            }
            isPageFilter
          />
        </div>
      </header>
      <div className={style.body}>
        {list.isPending ? (
          <Skeleton lines={8} />
        ) : list.error && !list.data ? (
          <NotLoaded query={list} title="Pipelines could not be loaded" />
        ) : list.data.length === 0 ? (
          <Empty
            title={q ? "No pipeline fits" : "No pipelines yet"}
            actions={
              <Link to="/queries" className={buttonClass}>
                Choose a query
              </Link>
            }
          >
            A pipeline is a query and every view it reads, run as one unit. Every query has one by its
            lineage; open a query and press Pipeline to see it or to add to it.
          </Empty>
        ) : (
          <DataTable
            label="Pipelines"
            columns={columns}
            rows={sorted(list.data, columns, sort)}
            rowKey={(one) => String(one.queryId)}
            onOpen={(one) =>
              void navigate({ to: "/pipelines/$queryId", params: { queryId: String(one.queryId) } })
            }
            sort={sort}
            onSort={(next) =>
              void navigate({ search: (before) => ({ ...before, sort: sortText(next) }), replace: true })
            }
          />
        )}
      </div>
    </div>
  );
};
