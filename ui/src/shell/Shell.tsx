import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import {
  BookMarked,
  ChartLine,
  House,
  type LucideIcon,
  Moon,
  PanelLeftClose,
  PanelLeftOpen,
  Play,
  Search,
  Settings,
  SquareTerminal,
  Sun,
  UserRound,
  Workflow,
} from "lucide-react";
import { useEffect, useState } from "react";
import { ApiError } from "../api/http";
import { inFlightQuery } from "../api/runs";
import { sessionQuery, signOut } from "../api/session";
import { Button, IconButton } from "../components/Button";
import { CrashBoundary } from "../components/CrashBoundary";
import { plural, shortId } from "../components/format";
import { Menu } from "../components/Menu";
import { toggleRightPanel } from "../components/rightPanel";
import { StateIcon } from "../components/State";
import { KeyMap } from "./KeyMap";
import { type Action, focusFilter, moveInList, shownKeys, useActions } from "./keys";
import { Palette } from "./Palette";
import { useCrumbs } from "./page";
import style from "./Shell.module.css";
import { toggleTheme, useIsDark } from "./theme";

const PLACES: readonly { to: string; label: string; icon: LucideIcon; key: string }[] = [
  { to: "/", label: "Home", icon: House, key: "h" },
  { to: "/queries", label: "Queries", icon: SquareTerminal, key: "q" },
  { to: "/pipelines", label: "Pipelines", icon: Workflow, key: "p" },
  { to: "/runs", label: "Runs", icon: Play, key: "r" },
  { to: "/dashboards", label: "Dashboards", icon: ChartLine, key: "d" },
  { to: "/catalog", label: "Catalog", icon: BookMarked, key: "c" },
  { to: "/settings", label: "Settings", icon: Settings, key: "s" },
];

/** The frame of every page: rail, top bar, palette, key map. */
export const Shell = () => {
  const navigate = useNavigate();
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const [isCollapsed, setCollapsed] = useState(() => localStorage.getItem("rail") === "collapsed");
  const [open, setOpen] = useState<"palette" | "keys">();
  useEffect(() => localStorage.setItem("rail", isCollapsed ? "collapsed" : "open"), [isCollapsed]);

  const actions: Action[] = [
    { id: "palette", label: "Search and commands", keys: "Mod+K", run: () => setOpen("palette") },
    { id: "key-map", label: "Show the keys", keys: "?", run: () => setOpen("keys") },
    ...PLACES.map(({ to, label, key }) => ({
      id: `go-${key}`,
      label: `Go to ${label}`,
      keys: `g ${key}`,
      group: "Go to",
      run: () => void navigate({ to }),
    })),
    { id: "new-query", label: "New query", group: "Go to", run: () => void navigate({ to: "/queries/new" }) },
    {
      id: "rail",
      label: "Collapse or open the rail",
      keys: "[",
      run: () => setCollapsed((before) => !before),
    },
    { id: "right-panel", label: "Hide or show the right panel", keys: "]", run: toggleRightPanel },
    { id: "theme", label: "Light or dark", keys: "t", run: toggleTheme },
    { id: "filter", label: "Filter or search this page", keys: "/", run: focusFilter },
    { id: "next", label: "Next in the list", keys: "j", run: () => moveInList(1) },
    { id: "previous", label: "Previous in the list", keys: "k", run: () => moveInList(-1) },
  ];
  useActions(actions);

  return (
    <div className={style.shell} data-collapsed={isCollapsed ? "" : undefined}>
      <a className={style.skip} href="#main">
        Skip to the page
      </a>
      <nav className={style.rail} aria-label="Places">
        <Link to="/" className={style.mark} aria-label="Qanat">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="7" fill="var(--accent)" />
            <path
              d="M5 11c5 0 6 10 11 10s6-10 11-10M10 8v6M22 8v6"
              fill="none"
              stroke="var(--on-accent)"
              strokeWidth="3"
              strokeLinecap="round"
            />
          </svg>
          <span>Qanat</span>
        </Link>
        {PLACES.map(({ to, label, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            className={style.link}
            title={isCollapsed ? label : undefined}
            aria-current={(to === "/" ? pathname === "/" : pathname.startsWith(to)) ? "page" : undefined}
          >
            <Icon aria-hidden />
            <span>{label}</span>
          </Link>
        ))}
        <div className={style.foot}>
          <IconButton
            label={isCollapsed ? "Open the rail" : "Collapse the rail"}
            onClick={() => setCollapsed(!isCollapsed)}
          >
            {isCollapsed ? <PanelLeftOpen aria-hidden /> : <PanelLeftClose aria-hidden />}
          </IconButton>
        </div>
      </nav>
      <TopBar onSearch={() => setOpen("palette")} onKeys={() => setOpen("keys")} />
      <main id="main" className={style.main} tabIndex={-1}>
        <CrashBoundary region="This page" resetKey={pathname}>
          <Outlet />
        </CrashBoundary>
      </main>
      <Palette open={open === "palette"} onClose={() => setOpen(undefined)} />
      <KeyMap open={open === "keys"} onClose={() => setOpen(undefined)} />
    </div>
  );
};

const TopBar = ({ onSearch, onKeys }: { onSearch: () => void; onKeys: () => void }) => {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const crumbs = useCrumbs();
  const isDark = useIsDark();
  const { data: session } = useQuery(sessionQuery);
  const { data: running, error } = useQuery(inFlightQuery);
  const isOffline = error instanceof ApiError && error.status === 0;
  const leave = async () => {
    await signOut().catch(() => {}); // a server that is away has no session to end
    queryClient.clear();
    await navigate({ to: "/sign-in" });
  };
  return (
    <header className={style.bar}>
      <nav aria-label="Breadcrumb" style={{ display: "contents" }}>
        <ol className={style.crumbs}>
          {crumbs.map((crumb, index) => (
            <li key={crumb.label} aria-current={index === crumbs.length - 1 ? "page" : undefined}>
              {crumb.to ? (
                <Link to={crumb.to}>{crumb.label}</Link>
              ) : (
                <span className="ellipsis">{crumb.label}</span>
              )}
              {index < crumbs.length - 1 && <span aria-hidden>/</span>}
            </li>
          ))}
        </ol>
      </nav>
      {isOffline && (
        <span className={style.offline} role="status">
          No answer from the server
        </span>
      )}
      <button type="button" className={style.search} onClick={onSearch}>
        <Search aria-hidden />
        <span>Search</span>
        <kbd>{shownKeys("Mod+K")}</kbd>
      </button>
      {running && running.length > 0 && (
        <Menu
          label="Runs in flight"
          trigger={
            <Button small look="plain" icon={<StateIcon state="executing" />}>
              <span className="figures">{running.length}</span>
              <span className="unseen">{plural(running.length, "run")} in flight</span>
            </Button>
          }
          actions={running.slice(0, 12).map((run) => ({
            label: `${run.title} ${shortId(run.id)}`,
            icon: <StateIcon state={run.state} />,
            onSelect: () => void navigate({ to: "/runs/$id", params: { id: run.id } }),
          }))}
        />
      )}
      <IconButton label={isDark ? "Use the light theme" : "Use the dark theme"} onClick={toggleTheme}>
        {isDark ? <Sun aria-hidden /> : <Moon aria-hidden />}
      </IconButton>
      <Menu
        label="Account"
        trigger={
          <Button small look="plain" icon={<UserRound aria-hidden />}>
            {session?.handle ?? "…"}
          </Button>
        }
        actions={[
          {
            label: "Keys",
            onSelect: () => void navigate({ to: "/settings/$section", params: { section: "keys" } }),
          },
          {
            label: "Usage",
            onSelect: () => void navigate({ to: "/settings/$section", params: { section: "usage" } }),
          },
          { label: "Keyboard", keys: "?", onSelect: onKeys },
          { label: "API documentation", href: "/api/docs" },
          { label: "Third-party notices", href: "/third-party-licenses.md" },
          "separator",
          { label: "Sign out", onSelect: () => void leave() },
        ]}
      />
    </header>
  );
};
