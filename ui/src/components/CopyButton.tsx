import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./Button";

const SHOWN_MS = 1_500;

/** Copies a text and says so on itself. Without a secure context the browser refuses; then it says that. */
export const CopyButton = ({ text, label = "Copy" }: { text: string | (() => string); label?: string }) => {
  const [said, setSaid] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setSaid("Copied");
    } catch {
      setSaid("Not allowed here");
    }
    setTimeout(() => setSaid(undefined), SHOWN_MS);
  };
  return (
    <Button small onClick={copy} icon={said === "Copied" ? <Check aria-hidden /> : <Copy aria-hidden />}>
      {said ?? label}
    </Button>
  );
};
