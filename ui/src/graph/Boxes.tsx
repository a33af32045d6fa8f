/**
 * The boxes of a graph that is looked at and not built. Drawn beside React Flow's own nodes, which
 * measure, watch and wrap each box: a thousand of those take seconds to appear.
 */

import { useStore, ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import type { Layout } from "./layout";
import { type Box, BoxView, type Look, marksOf } from "./Node";
import { isWithin, shownArea } from "./view";

const areSame = (a: readonly Box[], b: readonly Box[]) =>
  a === b || (a.length === b.length && a.every((one, index) => one === b[index]));

export const Boxes = memo(function Boxes({
  boxes,
  layout,
  look,
  onPick,
}: {
  boxes: readonly Box[];
  layout: Layout;
  look: Look;
  onPick: (id: number) => void;
}) {
  // Only boxes on screen are drawn; the list changes when one comes or goes, not with each move.
  const shown = useStore(({ transform: [x, y, zoom], width, height }) => {
    const area = shownArea({ x, y, zoom }, { width, height });
    const found = boxes.filter((box) => {
      const place = layout.places.get(box.id);
      return place !== undefined && isWithin(place, area);
    });
    return found.length === boxes.length ? boxes : found;
  }, areSame);
  return (
    <ViewportPortal>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the graph is one tab stop with keys of its own */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above: Enter opens */}
      <div
        onClick={(event) => {
          const box = (event.target as Element).closest<HTMLElement>("[data-node]");
          if (box) onPick(Number(box.dataset.node));
        }}
      >
        {shown.map((box) => {
          const place = layout.places.get(box.id);
          return (
            <BoxView
              key={box.id}
              box={box}
              x={place?.x ?? 0}
              y={place?.y ?? 0}
              states={look.states}
              isFar={look.isFar}
              {...marksOf(look, box.id)}
            />
          );
        })}
      </div>
    </ViewportPortal>
  );
});
