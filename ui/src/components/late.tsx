import { type ComponentType, type ReactNode, useEffect, useReducer } from "react";
import { Skeleton } from "./Panel";

/** How long a failure is shown by each drawing; React draws twice before it gives up. */
const RETRY_MS = 1_000;

/**
 * A component whose code is loaded when it is first wanted.
 *
 * Not `React.lazy`: what a lazy part draws first is of the lowest priority, and the clock of a page (four
 * ticks a second) would interrupt and restart a drawing of a thousand nodes for ever.
 */
export const late = <P extends object>(
  load: () => Promise<ComponentType<P>>,
  fallback: ReactNode = <Skeleton lines={6} />,
): ComponentType<P> & { preload: () => void } => {
  let loaded: ComponentType<P> | undefined;
  let failed: { error: unknown; at: number } | undefined;
  let asked: Promise<void> | undefined;
  const ask = (): Promise<void> => {
    asked ??= load().then(
      (component) => {
        loaded = component;
      },
      (error: unknown) => {
        // Asked for again by whoever draws this later: the server may be back, or have a new build.
        failed = { error, at: performance.now() };
        asked = undefined;
      },
    );
    return asked;
  };
  // biome-ignore lint/correctness/noComponentHookFactories: called once a module, as `lazy` is
  const Late = (props: P) => {
    const [, redraw] = useReducer((count: number) => count + 1, 0);
    useEffect(() => {
      if (loaded) return;
      let isHere = true;
      void ask().then(() => {
        if (isHere) redraw();
      });
      return () => {
        isHere = false;
      };
    }, []);
    if (failed && performance.now() - failed.at < RETRY_MS) throw failed.error;
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : fallback;
  };
  return Object.assign(Late, { preload: () => void ask() });
};
