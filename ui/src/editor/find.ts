/** Find and replace, and marks at what is the same as the selection; loaded after the editor stands. */

import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import { keymap } from "@codemirror/view";

export const find: Extension = [highlightSelectionMatches(), keymap.of(searchKeymap)];
