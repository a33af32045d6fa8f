/**
 * The live state of each node, apart from the shape of the graph: a change of one node shows on that
 * node and draws nothing else.
 */

import type { LiveNode } from "./model";

export class NodeStates {
  #live = new Map<number, LiveNode>();
  #listeners = new Map<number, Set<() => void>>();

  constructor(nodes: readonly (LiveNode & { id: number })[]) {
    this.set(nodes);
  }

  get(id: number): LiveNode | undefined {
    return this.#live.get(id);
  }

  /** Take over `nodes`; those whose object is not the one seen before are told. */
  set(nodes: readonly (LiveNode & { id: number })[]): void {
    const changed: number[] = [];
    for (const node of nodes) {
      if (this.#live.get(node.id) === node) continue;
      this.#live.set(node.id, node);
      changed.push(node.id);
    }
    for (const id of changed) for (const tell of this.#listeners.get(id) ?? []) tell();
  }

  subscribe(id: number, tell: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    listeners.add(tell);
    this.#listeners.set(id, listeners);
    return () => listeners.delete(tell);
  }
}
