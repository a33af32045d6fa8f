import type { Thing } from "../api/stars";
import { StarButton } from "../components/Star";
import { useActions } from "../shell/keys";
import { useStars } from "./useStars";

/** The star of the one thing that a page shows; `s` presses it. */
export const HeadStar = ({
  thing,
  onError,
}: {
  thing: Thing;
  /** Told what a refusal said, and undefined when the star is pressed again. */
  onError: (error: unknown) => void;
}) => {
  const { isStarred, toggle } = useStars(onError);
  const press = () => toggle(thing);
  // The same words in both states: what changes is offered anew, and so before what the page is for.
  useActions([{ id: "star", label: `Star this ${thing.kind}, or take its star off`, keys: "s", run: press }]);
  return (
    <StarButton label={`Star this ${thing.kind}`} isStarred={isStarred(thing)} onToggle={press} keys="s" />
  );
};
