/** Two texts of one query, side by side, differences marked. */

import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { dune } from "./dune";
import style from "./Editor.module.css";

export const Diff = ({
  before,
  after,
  labels,
  nonce,
}: {
  before: string;
  after: string;
  labels: readonly [string, string];
  nonce: string;
}) => {
  const frame = useRef<HTMLDivElement>(null);
  const [left, right] = labels;
  useEffect(() => {
    if (!frame.current) return;
    const side = (doc: string, label: string) => ({
      doc,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce) : [],
        lineNumbers(),
        dune,
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label }),
      ],
    });
    const view = new MergeView({
      a: side(before, left),
      b: side(after, right),
      parent: frame.current,
      collapseUnchanged: { margin: 3, minSize: 6 },
    });
    return () => view.destroy();
  }, [before, after, left, right, nonce]);
  return <div ref={frame} className={style.diff} />;
};
