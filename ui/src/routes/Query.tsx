/** The SQL, does it parse, what does it give? */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { ApiError } from "../api/http";
import { savedQuery, versionQuery } from "../api/queries";
import { buttonClass } from "../components/Button";
import { Empty, Skeleton } from "../components/Panel";
import { Problem } from "../components/Problem";
import { usePage } from "../shell/page";
import { Workbench } from "./query/Workbench";

export const NewQueryPage = () => {
  usePage("New query", [{ label: "Queries", to: "/queries" }, { label: "New" }]);
  return <Workbench key="new" saved={undefined} />;
};

export const QueryPage = () => {
  const { id } = useParams({ from: "/inside/queries/$id" });
  // Another text than a number's own would be a second address of the same query.
  return /^[1-9]\d{0,15}$/.test(id) ? <KnownPage id={Number(id)} /> : <NoQuery id={id} />;
};

const NoQuery = ({ id }: { id: string }) => {
  usePage("No such query", [{ label: "Queries", to: "/queries" }, { label: id }]);
  return (
    <Empty
      title={`There is no query ${id}`}
      actions={
        <Link to="/queries" className={buttonClass}>
          All queries
        </Link>
      }
    >
      The number in the address is no query's, or that query is another owner's and private.
    </Empty>
  );
};

const KnownPage = ({ id }: { id: number }) => {
  const { v } = useSearch({ from: "/inside/queries/$id" });
  const query = useQuery({ ...savedQuery(id), refetchOnWindowFocus: false });
  const older = useQuery({
    ...versionQuery(id, v ?? 0),
    enabled: v !== undefined && query.data?.version !== v,
  });
  const name = query.data?.name || `Query ${id}`;
  usePage(name, [{ label: "Queries", to: "/queries" }, { label: name }]);
  if (query.isPending || (v !== undefined && query.data?.version !== v && older.isPending))
    return <Skeleton lines={10} />;
  if (!query.data && query.error instanceof ApiError && query.error.status === 404)
    return <NoQuery id={String(id)} />;
  if (!query.data)
    return (
      <Problem
        error={query.error}
        title="The query could not be loaded"
        onRetry={() => void query.refetch()}
      />
    );
  if (v !== undefined && v !== query.data.version && !older.data)
    return (
      <Problem error={older.error} title={`Version ${v} could not be loaded`}>
        <Link to="/queries/$id" params={{ id: String(id) }} className={buttonClass}>
          Show the newest version
        </Link>
      </Problem>
    );
  return (
    <Workbench
      key={`${id}@${v ?? ""}`}
      saved={query.data}
      {...(older.data && v !== query.data.version ? { older: older.data } : {})}
    />
  );
};
