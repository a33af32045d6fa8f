import { Dialog } from "../components/Dialog";
import { shownKeys, useAllActions } from "./keys";
import style from "./Shell.module.css";

/** Keys of parts that listen themselves: lists, the graph, the grid, the editor. */
const ELSEWHERE: readonly (readonly [string, string])[] = [
  ["arrows", "along edges of a graph, cells of a grid"],
  ["Enter", "open what has the focus"],
  ["Mod+Home", "first cell of a grid"],
  ["Mod+End", "last cell of a grid"],
  ["PgUp", "a page up"],
  ["PgDn", "a page down"],
  ["< >", "narrow or widen the column of the cell"],
  ["Mod+C", "copy the cell or the range"],
  ["Esc", "close the topmost thing, leave the editor"],
  ["Tab", "indent in the editor; Esc then Tab leaves it"],
];

export const KeyMap = ({ open, onClose }: { open: boolean; onClose: () => void }) => {
  const actions = useAllActions();
  const seen = new Set<string>();
  const keys = actions.filter((action) => action.keys && !seen.has(action.keys) && seen.add(action.keys));
  return (
    <Dialog open={open} onClose={onClose} title="Keys on this page" wide>
      <div className={style.keymap}>
        {keys.map((action) => (
          <div key={action.id}>
            <span>{action.label}</span>
            <kbd>{shownKeys(action.keys ?? "")}</kbd>
          </div>
        ))}
        {ELSEWHERE.map(([key, does]) => (
          <div key={key}>
            <span>{does}</span>
            <kbd>{shownKeys(key)}</kbd>
          </div>
        ))}
      </div>
    </Dialog>
  );
};
