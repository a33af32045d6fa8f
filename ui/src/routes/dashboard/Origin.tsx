/** Which run's rows are on a dashboard, and of which values they are. */

import { Link } from "@tanstack/react-router";
import { areSameValues, type DashboardResults } from "../../api/dashboards";
import { clock, shortId } from "../../components/format";
import { Ago } from "../../components/Time";
import style from "./Dashboard.module.css";

/** Whether rows are of these values; of none at all, they are not of others. */
export const isOf = (results: DashboardResults, values: Record<string, string>): boolean =>
  results.runId === undefined || (results.isOfAsked && areSameValues(results.asked, values));

/** Which run's rows are on the page, and whether they are of the values in the form. */
export const Origin = ({
  results,
  isOfValues,
}: {
  results: DashboardResults | undefined;
  isOfValues: boolean;
}) => {
  if (!results) return null;
  if (!results.runId || results.publishedAt === undefined)
    return <span className={style.from}>{results.latest ? "nothing published yet" : "never refreshed"}</span>;
  const used = Object.entries(results.used).map(([key, value]) => `${key} ${value || "empty"}`);
  return (
    <span className={style.from}>
      {isOfValues ? "all charts: run" : "not refreshed with these values; dimmed: run"}{" "}
      <Link to="/runs/$id" params={{ id: results.runId }}>
        {shortId(results.runId)}
      </Link>
      {!isOfValues && used.length > 0 && ` with ${used.join(", ")}`}, published {clock(results.publishedAt)} (
      <Ago at={results.publishedAt} />)
    </span>
  );
};
