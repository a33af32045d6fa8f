import { expect, test } from "vitest";
import { offerRightPanel, toggleRightPanel } from "./rightPanel";

test("the key reaches the panel that came last, and the one before it once that is gone", () => {
  const pressed: string[] = [];
  const takeBackCatalog = offerRightPanel(() => pressed.push("catalog"));
  const takeBackNode = offerRightPanel(() => pressed.push("node"));
  toggleRightPanel();
  takeBackNode();
  toggleRightPanel();
  takeBackCatalog();
  toggleRightPanel();
  expect(pressed).toEqual(["node", "catalog"]);
});
