/** The panel on the right of what is shown. A key of the shell hides it and brings it back. */

const toggles: (() => void)[] = [];

/** Say how a panel is hidden and shown while it is on the page; the returned function takes it back. */
export const offerRightPanel = (toggle: () => void): (() => void) => {
  toggles.push(toggle);
  return () => {
    toggles.splice(toggles.indexOf(toggle), 1);
  };
};

/** Of several, the one that came last: it is the innermost, or the newest. */
export const toggleRightPanel = (): void => toggles.at(-1)?.();
