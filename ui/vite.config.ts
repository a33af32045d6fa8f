import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where the server looks for the built application; inside the Python package, ignored by git. */
const outDir = fileURLToPath(new URL("../src/qanat/web", import.meta.url));

export default defineConfig({
  plugins: [react()],
  // The server puts a fresh nonce in this place of every index.html it sends.
  html: { cspNonce: "QANAT_NONCE" },
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    // All third-party notices; shipped in the wheel beside the code they belong to.
    license: { fileName: "third-party-licenses.md" },
    // An inlined asset is a data: URL, which the content security policy forbids for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    proxy: { "/api": process.env["QANAT_URL"] ?? "http://127.0.0.1:8327" },
  },
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "tests/**/*.test.ts"],
    environment: "node",
    clearMocks: true,
  },
});
