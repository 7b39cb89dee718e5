import { useState } from "react";

const SAID_MS = 1_500;

/** Puts a text on the clipboard, and says so. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, set_said] = useState<string | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      set_said("Copied");
    } catch {
      // Browsers have a clipboard for pages that came over TLS or from this machine.
      set_said("Not allowed here");
    }
    setTimeout(() => set_said(null), SAID_MS);
  };
  return (
    <button type="button" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      {said ?? "Copy"}
    </button>
  );
}
