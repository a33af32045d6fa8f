import type { Plan } from "../../api/pipelines";
import { Button } from "../../components/Button";
import style from "./Pipeline.module.css";
import { type Draft, titleOf } from "./plan";

/** Why the graph cannot run, and the line that was just refused. */
export const Problems = ({
  refused,
  problems,
  draft,
  onDismiss,
  onShow,
}: {
  refused: string | undefined;
  problems: Plan["problems"];
  draft: Draft;
  onDismiss: () => void;
  onShow: (node: number | undefined) => void;
}) =>
  (refused || problems.length > 0) && (
    <ul className={style.problems} aria-label="Problems">
      {refused && (
        <li>
          <span role="alert">{refused}</span>
          <Button small onClick={onDismiss}>
            Dismiss
          </Button>
        </li>
      )}
      {problems.map((problem) => (
        <li key={`${problem.nodeIds.join()} ${problem.message}`}>
          <span>
            {problem.nodeIds.length === 1 && <b>{titleOf(draft, problem.nodeIds[0] as number)}: </b>}
            {problem.message}
          </span>
          {problem.nodeIds[0] !== undefined && (
            <Button small onClick={() => onShow(problem.nodeIds[0])}>
              Show
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
