/** DuneSQL for the editor: its words, its colours, its theme. */

import { SQLDialect } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { KEYWORD_SET, TYPE_SET } from "./tokens";

export const duneDialect = SQLDialect.define({
  keywords: [...KEYWORD_SET].join(" "),
  types: [...TYPE_SET].join(" "),
  builtin: "",
  backslashEscapes: false,
  hashComments: false,
  doubleQuotedStrings: false,
  identifierQuotes: '"',
  operatorChars: "*+-%<>!=|",
  specialVar: "",
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--sql-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--sql-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--sql-number)" },
  { tag: tags.comment, color: "var(--sql-comment)" },
  { tag: tags.typeName, color: "var(--sql-type)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    fontVariantLigatures: "none",
    lineHeight: "20px",
    overflow: "auto",
  },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--text-3)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--sunken)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selected) !important",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--selected)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "6px",
    backgroundColor: "var(--surface)",
    boxShadow: "var(--shadow)",
    color: "var(--text)",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12px", maxHeight: "16em" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 8px !important" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--selected)",
    color: "var(--text)",
  },
  ".cm-completionDetail": { color: "var(--text-3)", fontStyle: "normal" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600", color: "var(--accent-text)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--failed)",
    textUnderlineOffset: "3px",
  },
  ".cm-diagnostic": { borderLeft: "4px solid var(--failed)", padding: "6px 8px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 2px" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-search label": { fontSize: "12px" },
  ".cm-textfield": {
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
  },
  ".cm-button": {
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    color: "var(--text)",
  },
  ".cm-search [name=close]": { color: "var(--text)" },
  ".cm-parameter": { color: "var(--sql-param)", fontWeight: "500" },
  ".cm-changedLine": { backgroundColor: "var(--completed-tint)" },
  ".cm-deletedChunk": { backgroundColor: "var(--failed-tint)" },
});

const parameters = new MatchDecorator({
  regexp: /\{\{[^}\n]*\}\}/g,
  decoration: Decoration.mark({ class: "cm-parameter" }),
});

/** `{{parameters}}` stand out, also inside texts. */
const parameterMarks = ViewPlugin.fromClass(
  class {
    decorations;
    constructor(view: EditorView) {
      this.decorations = parameters.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = parameters.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/**
 * Typing over a selection, done by the editor itself. Chromium would keep the look of the replaced text by a
 * style attribute, which the content security policy forbids and reports.
 */
const typingOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || event.data === null || empty || view.composing) return false;
    event.preventDefault();
    const { data } = event;
    const typed = () => view.state.update(view.state.replaceSelection(data), { userEvent: "input.type" });
    const isTaken = view.state
      .facet(EditorView.inputHandler)
      .some((take) => take(view, from, to, data, typed));
    if (!isTaken) view.dispatch(typed());
    return true;
  },
});

export const dune: Extension = [
  typingOver,
  duneDialect.language,
  syntaxHighlighting(colours),
  parameterMarks,
  theme,
];
