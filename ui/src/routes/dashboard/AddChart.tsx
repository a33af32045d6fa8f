import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Visualization, visualizationsQuery } from "../../api/dashboards";
import { queriesQuery } from "../../api/queries";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { SelectField } from "../../components/Field";
import { Skeleton } from "../../components/Panel";
import style from "../Page.module.css";

/** Choose a chart of a query. */
export const AddChart = ({
  onAdd,
  onClose,
}: {
  onAdd: (chart: Visualization) => void;
  onClose: () => void;
}) => {
  const queries = useQuery(queriesQuery({ limit: 500 }));
  const [queryId, setQueryId] = useState(0);
  const charts = useQuery({ ...visualizationsQuery(queryId), enabled: queryId > 0 });
  return (
    <Dialog open onClose={onClose} title="Add a chart">
      <SelectField
        label="Of the query"
        value={String(queryId)}
        options={[
          { value: "0", label: "choose…" },
          ...(queries.data?.queries ?? []).map((one) => ({
            value: String(one.id),
            label: one.name || `query ${one.id}`,
          })),
        ]}
        onChange={(id) => setQueryId(Number(id))}
      />
      {queryId > 0 && charts.isPending && <Skeleton lines={2} />}
      {charts.data?.length === 0 && (
        <p>
          It has no chart yet.{" "}
          <Link to="/queries/$id" params={{ id: String(queryId) }} search={{ tab: "chart" }}>
            Make one
          </Link>
        </p>
      )}
      <ul className={style.form}>
        {charts.data?.map((chart) => (
          <li key={chart.id}>
            <Button onClick={() => onAdd(chart)}>{chart.name}</Button>
          </li>
        ))}
      </ul>
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
};
