import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onUnauthorized } from "./api/http";
import { CrashBoundary } from "./components/CrashBoundary";
import { Toasts } from "./components/Toasts";
import { client } from "./shell/client";
import { startKeys } from "./shell/keys";
import { nonce } from "./shell/nonce";
import { router } from "./shell/router";
import { startAppearance } from "./shell/theme";
import "./styles/tokens.css";
import "./styles/base.css";

startAppearance();
startKeys();
onUnauthorized(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in") return;
  client.removeQueries({ queryKey: ["session"] });
  void router.navigate({ to: "/sign-in", search: { next: href, ended: "1" } });
});

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    <CSPProvider nonce={nonce} disableStyleElements>
      <CrashBoundary region="The application">
        <QueryClientProvider client={client}>
          <Toasts>
            <RouterProvider router={router} />
          </Toasts>
        </QueryClientProvider>
      </CrashBoundary>
    </CSPProvider>
  </StrictMode>,
);
