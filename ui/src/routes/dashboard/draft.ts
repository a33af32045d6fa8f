/** A dashboard while it is edited: what was changed, and the dashboard that the changes began with. Pure. */

import type { Dashboard, Widget } from "../../api/dashboards";
import { inReadingOrder, moved } from "./place";

export type Draft = Pick<Dashboard, "name" | "widgets" | "parameters"> & { base: Dashboard };

export const draftOf = (dashboard: Dashboard): Draft => ({
  base: dashboard,
  name: dashboard.name,
  widgets: inReadingOrder(dashboard.widgets),
  parameters: dashboard.parameters,
});

/** An id for a widget that the server does not know yet. */
export const newIdOf = (widgets: readonly Widget[]): number =>
  Math.min(0, ...widgets.map((widget) => widget.id)) - 1;

/** The widget that a change took away, if it took one. */
export const goneOf = (before: readonly Widget[], after: readonly Widget[]): Widget | undefined =>
  before.find((one) => !after.some((other) => other.id === one.id));

/** With a widget back where it stood; whatever else was changed since stays. */
export const withBack = (widgets: readonly Widget[], gone: Widget): Widget[] => {
  const isTaken = widgets.some((one) => one.id === gone.id);
  const back = isTaken ? { ...gone, id: newIdOf(widgets) } : gone;
  return moved([...widgets, back], back.id, back.position);
};
