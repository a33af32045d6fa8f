import { useMutation, useMutationState, useQuery, useQueryClient } from "@tanstack/react-query";
import { isOfStars, putStar, type StarChange, starsQuery, type Thing, withChanges } from "../api/stars";

const CHANGE = ["star"];

/**
 * The owner's stars. What was pressed counts as done while it is on its way, so that a refusal takes itself
 * back: nothing but the message is left of it. Presses go out one after the other, and the last one wins.
 */
export const useStars = (onError: (error: unknown) => void) => {
  const client = useQueryClient();
  const { data } = useQuery(starsQuery);
  const pending = useMutationState({
    filters: { mutationKey: CHANGE, status: "pending" },
    select: (mutation) => mutation.state.variables as StarChange,
  });
  const { mutate } = useMutation({
    mutationKey: CHANGE,
    scope: { id: "star" },
    mutationFn: putStar,
    onMutate: () => onError(undefined),
    // Waited for: a press stops counting once the lists have come that contain it.
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => isOfStars(queryKey) }),
    onError,
  });
  const stars = data && withChanges(data, pending);
  return {
    /** Undefined while the stars are not known. */
    isStarred: ({ kind, id }: Thing): boolean | undefined => stars?.[kind].has(id),
    toggle: (thing: Thing) => {
      if (stars) mutate({ ...thing, isStarred: !stars[thing.kind].has(thing.id) });
    },
  };
};
