/** Which part of a picture is on screen, and how to get a part of it there. Pure. */

import { type Layout, type Point, SIZE } from "./layout";

/** As React Flow has it: a point of the picture stands at `x + zoom * point.x` pixels. */
export type View = { x: number; y: number; zoom: number };
export type Frame = { width: number; height: number };
export type Area = { left: number; top: number; right: number; bottom: number };

export const LEAST_ZOOM = 0.02;
export const MOST_ZOOM = 2;

/** What surrounds these nodes; undefined if none of them stands anywhere. */
export const areaOf = (layout: Layout, ids: Iterable<number>): Area | undefined => {
  let area: Area | undefined;
  for (const id of ids) {
    const place = layout.places.get(id);
    if (!place) continue;
    const { x: left, y: top } = place;
    const [right, bottom] = [left + SIZE.nodeWidth, top + SIZE.nodeHeight];
    area = area
      ? {
          left: Math.min(area.left, left),
          top: Math.min(area.top, top),
          right: Math.max(area.right, right),
          bottom: Math.max(area.bottom, bottom),
        }
      : { left, top, right, bottom };
  }
  return area;
};

/** The view that shows all of `area` in the middle, with a margin of a share of it around. */
export const fitOf = (area: Area, frame: Frame, margin: number, mostZoom: number): View => {
  const [width, height] = [area.right - area.left, area.bottom - area.top];
  const zoom = Math.min(
    mostZoom,
    Math.max(
      LEAST_ZOOM,
      Math.min(frame.width / (width * (1 + margin)), frame.height / (height * (1 + margin))),
    ),
  );
  return {
    x: frame.width / 2 - ((area.left + area.right) / 2) * zoom,
    y: frame.height / 2 - ((area.top + area.bottom) / 2) * zoom,
    zoom,
  };
};

/** The part of the picture that is on screen, and `spare` pixels around it. */
export const shownArea = ({ x, y, zoom }: View, frame: Frame, spare = 100): Area => ({
  left: (-x - spare) / zoom,
  top: (-y - spare) / zoom,
  right: (frame.width - x + spare) / zoom,
  bottom: (frame.height - y + spare) / zoom,
});

export const isWithin = (place: Point, area: Area): boolean =>
  place.x < area.right &&
  place.y < area.bottom &&
  place.x + SIZE.nodeWidth > area.left &&
  place.y + SIZE.nodeHeight > area.top;
