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
  const has = isStarred(thing);
  const press = () => toggle(thing);
  useActions([
    {
      id: "star",
      label: has ? `Take the star off this ${thing.kind}` : `Star this ${thing.kind}`,
      keys: "s",
      disabled: has === undefined,
      run: press,
    },
  ]);
  return <StarButton label={`Star this ${thing.kind}`} isStarred={has} onToggle={press} keys="s" />;
};
