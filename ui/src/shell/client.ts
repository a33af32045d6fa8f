/** The one cache of server state. What failed for good is not asked for again by itself. */

import { notifyManager, QueryClient } from "@tanstack/react-query";
import { isTransient } from "../api/http";

// What arrives in a frame is drawn in that frame; the library's own timer would leave it to the next.
notifyManager.setScheduler(queueMicrotask);

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => isTransient(error) && count < 2,
      retryDelay: (count) => Math.min(4_000, 500 * 2 ** count),
      staleTime: 5_000,
      // The browser's own guess at being offline is often wrong for a server on this machine.
      networkMode: "always",
    },
    mutations: { networkMode: "always", retry: false },
  },
});
