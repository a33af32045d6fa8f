/** The addresses of the application. Pages are loaded when they are first wanted. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "../api/http";
import { earlyRunQuery } from "../api/runs";
import { sessionQuery } from "../api/session";
import { Skeleton } from "../components/Panel";
import { Problem } from "../components/Problem";
import * as search from "../routes/search";
import { client } from "./client";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: search.signInSearch,
  component: lazyRouteComponent(() => import("../routes/SignIn"), "SignInPage"),
});

const runPage = () => import("../routes/Run");

/** What a page will ask for comes side by side with the session and its own code, not one after another. */
const startEarly = (pathname: string) => {
  const run = /^\/runs\/([^/]+)$/.exec(pathname)?.[1];
  if (run === undefined) return;
  void client.prefetchQuery(earlyRunQuery(run));
  // A part that cannot be had is asked for again by whoever draws it, and says so there.
  for (const part of [runPage(), import("../graph/Graph")]) part.catch(() => {});
};

/** Everything behind the session. Without one, sign-in comes first and leads back. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ location }) => {
    startEarly(location.pathname);
    try {
      await client.ensureQueryData(sessionQuery);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
    }
  },
  component: Shell,
  errorComponent: ({ error, reset }) => (
    <Problem error={error} title="Qanat cannot be reached" onRetry={() => reset()} />
  ),
});

const page = <P extends string, S extends search.Raw>(
  path: P,
  validateSearch: (raw: search.Raw) => S,
  load: Parameters<typeof lazyRouteComponent>[0],
  name: string,
) =>
  createRoute({
    getParentRoute: () => inside,
    path,
    validateSearch,
    component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name as never),
  });

const queryPage = () => import("../routes/Query");

export const routeTree = root.addChildren([
  signIn,
  inside.addChildren([
    page("/", search.homeSearch, () => import("../routes/Home"), "HomePage"),
    page("/queries", search.starredSearch, () => import("../routes/Queries"), "QueriesPage"),
    page("/queries/new", search.querySearch, queryPage, "NewQueryPage"),
    page("/queries/$id", search.querySearch, queryPage, "QueryPage"),
    page("/pipelines", search.listSearch, () => import("../routes/Pipelines"), "PipelinesPage"),
    page("/pipelines/$queryId", search.pipelineSearch, () => import("../routes/Pipeline"), "PipelinePage"),
    page("/runs", search.runsSearch, () => import("../routes/Runs"), "RunsPage"),
    page("/runs/$id", search.runSearch, runPage, "RunPage"),
    page("/dashboards", search.starredSearch, () => import("../routes/Dashboards"), "DashboardsPage"),
    page("/dashboards/$id", search.dashboardSearch, () => import("../routes/Dashboard"), "DashboardPage"),
    page(
      "/d/$owner/$slug",
      search.dashboardSearch,
      () => import("../routes/Dashboard"),
      "SharedDashboardPage",
    ),
    page("/catalog", search.catalogSearch, () => import("../routes/Catalog"), "CatalogPage"),
    page("/catalog/$name", search.catalogSearch, () => import("../routes/Catalog"), "TablePage"),
    page("/settings", search.settingsSearch, () => import("../routes/Settings"), "SettingsPage"),
    page("/settings/$section", search.settingsSearch, () => import("../routes/Settings"), "SettingsPage"),
  ]),
]);

export const router = createRouter({
  routeTree,
  parseSearch: search.parseSearch,
  stringifySearch: search.stringifySearch,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  scrollToTopSelectors: ["#main"],
  defaultPendingComponent: () => <Skeleton lines={6} />,
  defaultErrorComponent: ({ error, reset }) => (
    <Problem error={error} title="This page could not be drawn" onRetry={() => reset()} />
  ),
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
