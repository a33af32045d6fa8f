import { describe, expect, test } from "vitest";
import { layOut, SIZE } from "./layout";
import { areaOf, fitOf, isWithin, LEAST_ZOOM, shownArea } from "./view";

const FRAME = { width: 1000, height: 600 };
const layout = layOut(
  [1, 2, 3],
  [
    { from: 1, to: 2 },
    { from: 2, to: 3 },
  ],
);
const place = (id: number) => layout.places.get(id) as { x: number; y: number };

describe("the area of nodes", () => {
  test("surrounds their boxes and nothing more", () => {
    expect(areaOf(layout, [1, 3])).toEqual({
      left: place(1).x,
      top: Math.min(place(1).y, place(3).y),
      right: place(3).x + SIZE.nodeWidth,
      bottom: Math.max(place(1).y, place(3).y) + SIZE.nodeHeight,
    });
  });

  test("leaves out nodes that stand nowhere", () => {
    expect(areaOf(layout, [2, 99])).toEqual(areaOf(layout, [2]));
    expect(areaOf(layout, [99])).toBeUndefined();
    expect(areaOf(layout, [])).toBeUndefined();
  });
});

describe("the view that fits an area", () => {
  const seen = (x: number, y: number, view: { x: number; y: number; zoom: number }) => ({
    x: view.x + view.zoom * x,
    y: view.y + view.zoom * y,
  });

  test("has its middle in the middle, and all of it on screen with the margin", () => {
    const area = { left: -300, top: 50, right: 3_700, bottom: 450 };
    const view = fitOf(area, FRAME, 0.12, 1.1);
    expect(view.zoom).toBeCloseTo(1000 / (4000 * 1.12));
    const [middle, corner] = [seen(1_700, 250, view), seen(-300, 50, view)];
    expect(middle.x).toBeCloseTo(500);
    expect(middle.y).toBeCloseTo(300);
    expect(corner.x).toBeCloseTo((1000 - 1000 / 1.12) / 2);
    expect(corner.y).toBeGreaterThan(0);
  });

  test("is no nearer than asked and no farther than there is", () => {
    const small = { left: 0, top: 0, right: 10, bottom: 10 };
    expect(fitOf(small, FRAME, 0.12, 1.1).zoom).toBe(1.1);
    const vast = { left: 0, top: 0, right: 1e7, bottom: 10 };
    expect(fitOf(vast, FRAME, 0.12, 1.1).zoom).toBe(LEAST_ZOOM);
  });
});

describe("what is on screen", () => {
  test("is the frame seen through the view, and the spare pixels around it", () => {
    expect(shownArea({ x: 200, y: -100, zoom: 0.5 }, FRAME, 0)).toEqual({
      left: -400,
      top: 200,
      right: 1600,
      bottom: 1400,
    });
    expect(shownArea({ x: 0, y: 0, zoom: 0.5 }, FRAME, 100)).toMatchObject({ left: -200, right: 2200 });
  });

  test("has a box of which a part is in it, and none that only touches its edge", () => {
    const area = { left: 0, top: 0, right: 500, bottom: 500 };
    expect(isWithin({ x: 100, y: 100 }, area)).toBe(true);
    expect(isWithin({ x: 499, y: 100 }, area)).toBe(true);
    expect(isWithin({ x: 500, y: 100 }, area)).toBe(false);
    expect(isWithin({ x: 1 - SIZE.nodeWidth, y: 100 }, area)).toBe(true);
    expect(isWithin({ x: -SIZE.nodeWidth, y: 100 }, area)).toBe(false);
    expect(isWithin({ x: 100, y: -SIZE.nodeHeight }, area)).toBe(false);
  });

  test("of a fitted picture is every box of it", () => {
    const area = areaOf(layout, [1, 2, 3]);
    if (!area) throw new Error("no area");
    const shown = shownArea(fitOf(area, FRAME, 0.12, 1.1), FRAME, 0);
    for (const id of [1, 2, 3]) expect(isWithin(place(id), shown)).toBe(true);
  });
});
