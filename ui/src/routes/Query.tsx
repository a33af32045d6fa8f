/** The SQL, does it parse, what does it give? */

import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { savedQuery, versionQuery } from "../api/queries";
import { Skeleton } from "../components/Panel";
import { Problem } from "../components/Problem";
import { usePage } from "../shell/page";
import { Workbench } from "./query/Workbench";

export const NewQueryPage = () => {
  usePage("New query", [{ label: "Queries", to: "/queries" }, { label: "New" }]);
  return <Workbench key="new" saved={undefined} />;
};

export const QueryPage = () => {
  const id = Number(useParams({ from: "/inside/queries/$id" }).id);
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
  if (!query.data)
    return (
      <Problem
        error={query.error}
        title="The query could not be loaded"
        onRetry={() => void query.refetch()}
      />
    );
  return (
    <Workbench
      key={`${id}@${v ?? ""}`}
      saved={query.data}
      {...(older.data && v !== query.data.version ? { older: older.data } : {})}
    />
  );
};
