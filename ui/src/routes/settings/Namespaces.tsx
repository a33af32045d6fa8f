/** Whose tables may be read, and how much each holds. */

import { useQuery } from "@tanstack/react-query";
import { namespacesQuery } from "../../api/session";
import { DataTable } from "../../components/DataTable";
import { bytes } from "../../components/format";
import { Skeleton } from "../../components/Panel";
import { NotLoaded } from "../../components/Problem";

export const Namespaces = () => {
  const namespaces = useQuery(namespacesQuery);
  if (namespaces.isPending) return <Skeleton lines={4} />;
  if (namespaces.error) return <NotLoaded query={namespaces} title="Namespaces could not be loaded" />;
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
