/** The values of a chart, for those who do not see it. */

import { cellOf } from "../grid/cell";
import type { Drawn } from "./Chart";
import style from "./Chart.module.css";

const MOST_TABLE = 200;

export const Table = ({ spec, rows, columns }: Drawn) => {
  const shown = columns.filter(
    (column) => column.name === spec.x || column.name === spec.split || spec.y.includes(column.name),
  );
  return (
    <div className={style.table} role="region" aria-label="Values of the chart" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {shown.map((column) => (
              <th key={column.name} scope="col">
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_TABLE).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a result have no key of their own
            <tr key={index}>
              {shown.map((column) => (
                <td key={column.name} className="figures">
                  {cellOf(row[column.name], column.type).text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
