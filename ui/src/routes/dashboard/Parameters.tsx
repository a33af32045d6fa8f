import { useQueries } from "@tanstack/react-query";
import type { Dashboard } from "../../api/dashboards";
import type { Parameter } from "../../api/parameters";
import { savedQuery } from "../../api/queries";
import { CheckField } from "../../components/Field";
import style from "./Dashboard.module.css";
import { type Chosen, offeredOf, toggled } from "./parameters";

/**
 * Parameters of the dashboard: its own list, each declared by the query it belongs to. Until they are known,
 * neither are the values that its rows have to be of.
 */
export const useParameters = (dashboard: Dashboard): { parameters: Parameter[]; areKnown: boolean } => {
  const ids = [...new Set(dashboard.parameters.map((one) => one.queryId))];
  const queries = useQueries({ queries: ids.map((id) => savedQuery(id)) });
  const parameters = dashboard.parameters.flatMap((one) => {
    const declared = queries[ids.indexOf(one.queryId)]?.data?.parameters.find((own) => own.key === one.key);
    return declared ? [declared] : [];
  });
  return { parameters, areKnown: queries.every((query) => !query.isPending) };
};

/** Which of the parameters of the charts' queries the dashboard asks for. */
export const ChooseParameters = ({
  queryIds,
  chosen,
  onChange,
}: {
  queryIds: readonly number[];
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}) => {
  const queries = useQueries({
    queries: [...new Set(queryIds)].map((id) => savedQuery(id)),
    combine: (all) => all.flatMap((one) => one.data ?? []),
  });
  const offered = offeredOf(chosen, queries);
  return (
    <div className={style.params} role="group" aria-label="Parameters to ask for">
      <span className="muted">
        {offered.length > 0 ? "Ask for" : "No query of these charts has parameters."}
      </span>
      {offered.map((one) => (
        <CheckField
          key={one.key}
          label={one.key}
          checked={one.isChosen}
          onChange={() => onChange(toggled(chosen, one))}
        />
      ))}
    </div>
  );
};
