/** The SQL editor. What it knows of the world is handed in: errors from the server, names for completion. */

import {
  autocompletion,
  type Completion,
  type CompletionContext,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension, StateEffect } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { completionsAt, type Known, type Offer } from "./complete";
import { dune } from "./dune";
import style from "./Editor.module.css";
import { offsetOf, type Place, placeOf, spanOf } from "./markers";

export type Fault = { message: string; line?: number; column?: number; length?: number };

/** What a page may do with its editor. */
export type EditorHandle = {
  focus: () => void;
  goTo: (place: Place) => void;
  /** The marked text; empty if nothing is marked. */
  selection: () => string;
  /** Put `text` where `length` characters stand. */
  replace: (place: Place & { length: number }, text: string) => void;
  insert: (text: string) => void;
  /** Replace everything; one step for undo. */
  setText: (text: string) => void;
};

const KINDS: Record<Offer["kind"], string> = {
  table: "class",
  column: "property",
  function: "function",
  keyword: "keyword",
  type: "type",
  parameter: "variable",
};

const completionOf = (offer: Offer): Completion => ({
  label: offer.label,
  type: KINDS[offer.kind],
  apply: offer.text ?? offer.label,
  boost: offer.boost,
  ...(offer.detail ? { detail: offer.detail } : {}),
  ...(offer.info ? { info: offer.info } : {}),
});

const diagnosticsOf = (text: string, faults: readonly Fault[]): Diagnostic[] =>
  faults
    .filter((fault) => fault.line !== undefined && fault.column !== undefined)
    .map((fault) => ({
      ...spanOf(text, { line: fault.line as number, column: fault.column as number, length: fault.length }),
      severity: "error" as const,
      message: fault.message,
    }));

export const Editor = ({
  text,
  onChange,
  faults,
  known,
  nonce,
  onCursor,
  ref,
}: {
  /** At first; later texts are the editor's own. */
  text: string;
  onChange: (text: string) => void;
  faults: { text: string; faults: readonly Fault[] };
  known: () => Promise<Known>;
  nonce: string;
  onCursor?: (place: Place) => void;
  ref?: Ref<EditorHandle>;
}) => {
  const frame = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef({ onChange, known, onCursor });
  latest.current = { onChange, known, onCursor };

  // biome-ignore lint/correctness/useExhaustiveDependencies: one editor for the life of the page
  useEffect(() => {
    if (!frame.current) return;
    const complete = async (context: CompletionContext) => {
      const sql = context.state.doc.toString();
      const isTyped = context.matchBefore(/[\w.${]+/);
      if (!context.explicit && !isTyped) return null;
      const found = completionsAt(sql, context.pos, await latest.current.known());
      if (!found || found.offers.length === 0) return null;
      return { from: found.from, options: found.offers.map(completionOf), validFor: /^[\w ]*$/ };
    };
    const extensions: Extension[] = [
      nonce ? EditorView.cspNonce.of(nonce) : [],
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ override: [complete], activateOnTyping: true, icons: false }),
      keymap.of([
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...historyKeymap,
        // Ours, everywhere on the page.
        ...defaultKeymap.filter((one) => one.key !== "Mod-Enter"),
        indentWithTab,
      ]),
      dune,
      EditorView.contentAttributes.of({
        "aria-label": "SQL",
        "aria-description": "Tab indents; press Escape, then Tab, to leave the editor.",
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) latest.current.onChange(update.state.doc.toString());
        if (update.docChanged || update.selectionSet)
          latest.current.onCursor?.(placeOf(update.state.doc.toString(), update.state.selection.main.head));
      }),
    ];
    const editor = new EditorView({
      parent: frame.current,
      state: EditorState.create({ doc: text, extensions }),
    });
    view.current = editor;
    let isHere = true;
    import("./find").then(
      ({ find }) => {
        if (isHere) editor.dispatch({ effects: StateEffect.appendConfig.of(find) });
      },
      () => {}, // without it the editor still writes; the next page tries again
    );
    return () => {
      isHere = false;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    // Errors of an older text would stand in the wrong place; the editor moves those it has by itself.
    if (!editor || editor.state.doc.toString() !== faults.text) return;
    editor.dispatch(setDiagnostics(editor.state, diagnosticsOf(faults.text, faults.faults)));
  }, [faults]);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    goTo: (place) => {
      const editor = view.current;
      if (!editor) return;
      const anchor = offsetOf(editor.state.doc.toString(), place);
      editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      editor.focus();
    },
    selection: () => {
      const state = view.current?.state;
      return state ? state.sliceDoc(state.selection.main.from, state.selection.main.to) : "";
    },
    replace: (place, insert) => {
      const editor = view.current;
      if (!editor) return;
      const from = offsetOf(editor.state.doc.toString(), place);
      editor.dispatch({
        changes: { from, to: Math.min(editor.state.doc.length, from + place.length), insert },
      });
      editor.focus();
    },
    insert: (insert) => {
      const editor = view.current;
      if (!editor) return;
      editor.dispatch(editor.state.replaceSelection(insert));
      editor.focus();
    },
    setText: (insert) => {
      const editor = view.current;
      if (!editor || editor.state.doc.toString() === insert) return;
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert } });
    },
  }));

  return <div ref={frame} className={style.editor} data-editor="" />;
};
