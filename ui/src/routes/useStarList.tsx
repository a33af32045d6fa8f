import { useState } from "react";
import type { Thing } from "../api/stars";
import type { Column } from "../components/DataTable";
import { Choices } from "../components/Field";
import { StarButton } from "../components/Star";
import { pressInLine, useActions } from "../shell/keys";
import { useStars } from "./useStars";

type Starrable = { id: number; name: string };

/** What a list has of stars: a first column, `s` on the line that has the focus, and what a refusal said. */
export const useStarList = <T extends Starrable>(kind: Thing["kind"], isStarredOnly: boolean) => {
  const [error, setError] = useState<unknown>();
  const { isStarred, toggle } = useStars(setError);
  useActions([
    { id: "star-line", label: `Star the ${kind} of the line`, keys: "s", run: () => pressInLine("star") },
  ]);
  const column: Column<T> = {
    key: "star",
    title: "Star",
    narrow: true,
    cell: ({ id, name }) => (
      <StarButton
        label={`Star ${name || `${kind} ${id}`}`}
        isStarred={isStarred({ kind, id })}
        onToggle={() => toggle({ kind, id })}
      />
    ),
  };
  return {
    column,
    error,
    /** Whether a line of the answer is still to be shown: its star may just have been taken off. */
    isShown: ({ id }: T) => !isStarredOnly || isStarred({ kind, id }) !== false,
  };
};

/** All of a list, or what has a star. */
export const StarChoice = ({
  isStarredOnly,
  onChange,
}: {
  isStarredOnly: boolean;
  onChange: (starred: "1" | undefined) => void;
}) => (
  <Choices
    label="Which"
    value={isStarredOnly ? "starred" : "all"}
    options={[
      { value: "all", label: "All" },
      { value: "starred", label: "Starred" },
    ]}
    onChange={(which) => onChange(which === "starred" ? "1" : undefined)}
  />
);
