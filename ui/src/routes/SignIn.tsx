import { useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/http";
import { sessionQuery, signIn } from "../api/session";
import { Button } from "../components/Button";
import { TextField } from "../components/Field";
import { usePage } from "../shell/page";
import { router } from "../shell/router";
import style from "../shell/Shell.module.css";

/** `#key=…` of a link that the server printed: used once and taken out of the address at once. */
const takeKey = (): string => {
  const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";
  if (key) history.replaceState(history.state, "", location.pathname + location.search);
  return key;
};

export const SignInPage = () => {
  usePage("Sign in", []);
  const { next, ended } = useSearch({ from: "/sign-in" });
  const queryClient = useQueryClient();
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const isStarted = useRef(false);

  const enter = async (apiKey: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const session = await signIn(apiKey.trim());
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      router.history.push(next ?? "/");
    } catch (caught) {
      setError(
        caught instanceof ApiError && caught.status === 401
          ? "This key is unknown or revoked."
          : caught instanceof ApiError && caught.status === 429
            ? `Too many attempts. Try again in ${caught.retryAfterS ?? 60} s.`
            : caught instanceof Error
              ? caught.message
              : String(caught),
      );
    } finally {
      setBusy(false);
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    if (isStarted.current) return;
    isStarted.current = true;
    const given = takeKey();
    if (given) void enter(given);
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) void enter(key);
  };
  return (
    <main id="main">
      <form className={style.sign} onSubmit={submit}>
        <h1>Sign in to Qanat</h1>
        {ended && (
          <p role="status">
            Your session has ended, or its key was revoked. Sign in to go on where you were.
          </p>
        )}
        <TextField
          label="API key"
          type="password"
          value={key}
          onChange={setKey}
          error={error}
          hint="It is sent once; after that the browser keeps a cookie that scripts cannot read."
          autoFocus
          mono
        />
        <Button look="primary" type="submit" busy={isBusy} disabled={!key.trim()}>
          Sign in
        </Button>
        <p className="muted">
          The server printed a first key when it started on an empty data directory. Another one:{" "}
          <code>qanat keys create HANDLE --scope write</code>
        </p>
      </form>
    </main>
  );
};
