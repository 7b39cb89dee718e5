import { useSyncExternalStore } from "react";

type Theme = "light" | "dark";

const NAME = "junjo-traces.theme";

/** What was chosen, else what the system has. */
export function current_theme(): Theme {
  const chosen = localStorage.getItem(NAME);
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function apply_theme(): void {
  document.documentElement.dataset.theme = current_theme();
}

/** For what is drawn in colours of its own: the theme that is shown. */
export const useTheme = (): string =>
  useSyncExternalStore(on_theme, () => document.documentElement.dataset.theme ?? "");

function on_theme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

export function choose_theme(theme: Theme): void {
  localStorage.setItem(NAME, theme);
  apply_theme();
}
