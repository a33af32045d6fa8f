import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Lock, Plus } from "lucide-react";
import { type ListedQuery, queriesQuery } from "../api/queries";
import { Button, buttonClass } from "../components/Button";
import { type Column, DataTable, sorted } from "../components/DataTable";
import { SearchField } from "../components/Field";
import { Empty, Skeleton } from "../components/Panel";
import { NotLoaded, ProblemLine } from "../components/Problem";
import { Ago } from "../components/Time";
import { usePage } from "../shell/page";
import style from "./Page.module.css";
import { sortOf, sortText } from "./search";
import { useRenameList } from "./useRenameList";
import { StarChoice, useStarList } from "./useStarList";

export const QueriesPage = () => {
  usePage("Queries", [{ label: "Queries" }]);
  const search = useSearch({ from: "/inside/queries" });
  const navigate = useNavigate({ from: "/queries" });
  const q = search.q ?? "";
  const isStarredOnly = search.starred === "1";
  const stars = useStarList<ListedQuery>("query", isStarredOnly);
  const names = useRenameList("query");
  const error = stars.error ?? names.error;
  const list = useQuery({
    ...queriesQuery({ ...(q ? { q } : {}), ...(isStarredOnly ? { starred: true } : {}), limit: 500 }),
    placeholderData: (before) => before,
  });
  // Also here, so that an older server without `q` still filters.
  const rows = (list.data?.queries ?? [])
    .map(names.shown)
    .filter(
      (query) =>
        stars.isShown(query) &&
        `${query.name} ${query.description} ${query.tags.join(" ")} ${query.id} ${query.view ?? ""}`
          .toLowerCase()
          .includes(q.toLowerCase()),
    );
  const columns: Column<ListedQuery>[] = [
    stars.column,
    {
      key: "name",
      title: "Query",
      by: (query) => query.name.toLowerCase(),
      cell: (query) =>
        names.cell(
          query,
          <Link to="/queries/$id" params={{ id: String(query.id) }} className="ellipsis">
            {query.name || `Query ${query.id}`}{" "}
            {query.isPrivate && <Lock aria-label="private" width={12} height={12} />}
          </Link>,
        ),
    },
    { key: "id", title: "Id", right: true, by: (query) => query.id, cell: (query) => query.id },
    {
      key: "view",
      title: "View",
      by: (query) => query.view ?? "",
      cell: (query) =>
        query.view && (
          <Link to="/catalog/$name" params={{ name: query.view }} className="mono">
            {query.view}
          </Link>
        ),
    },
    {
      key: "description",
      title: "Description",
      wide: true,
      cell: (query) => <span className="muted ellipsis">{query.description}</span>,
    },
    { key: "owner", title: "Owner", wide: true, by: (query) => query.owner, cell: (query) => query.owner },
    {
      key: "updated",
      title: "Changed",
      right: true,
      by: (query) => query.updatedAt,
      cell: (query) => <Ago at={query.updatedAt} />,
    },
  ];
  const sort = sortOf(search.sort);
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Queries</h1>
        <StarChoice
          isStarredOnly={isStarredOnly}
          onChange={(starred) => void navigate({ search: (before) => ({ ...before, starred }) })}
        />
        <span className={style.grow} />
        <div className={style.filter}>
          <SearchField
            label="Search queries"
            value={q}
            onChange={(text) =>
              void navigate({ search: (before) => ({ ...before, q: text || undefined }), replace: true })
            }
            isPageFilter
          />
        </div>
        <Button
          look="primary"
          icon={<Plus aria-hidden />}
          onClick={() => void navigate({ to: "/queries/new" })}
        >
          New query
        </Button>
      </header>
      {error !== undefined && (
        <div className={style.pad}>
          <ProblemLine error={error} />
        </div>
      )}
      <div className={style.body}>
        {list.isPending ? (
          <Skeleton lines={10} />
        ) : list.error && !list.data ? (
          <NotLoaded query={list} title="Queries could not be loaded" />
        ) : rows.length === 0 ? (
          <Empty
            title={q ? "No query fits" : isStarredOnly ? "No query has your star" : "No queries yet"}
            actions={
              isStarredOnly ? (
                <Link to="/queries" className={buttonClass}>
                  All queries
                </Link>
              ) : (
                <Link to="/queries/new" className={buttonClass}>
                  Write a query
                </Link>
              )
            }
          >
            {q
              ? "Nothing matches the search above."
              : isStarredOnly
                ? "A star keeps a query here, and first in the search. Press s on its page, or the star before its name."
                : "A query is SQL with a name. It can have parameters, and it can become a materialized view that others read."}
          </Empty>
        ) : (
          <DataTable
            label="Queries"
            columns={columns}
            rows={sorted(rows, columns, sort)}
            rowKey={(query) => String(query.id)}
            onOpen={(query) => void navigate({ to: "/queries/$id", params: { id: String(query.id) } })}
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
