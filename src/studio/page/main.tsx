import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client.ts";
import { apply_theme } from "./lib/theme.ts";
import { page_router } from "./router.tsx";

const RETRIES_MAX = 2;

/** What the server has refused it refuses again. */
const may_help = (count: number, error: Error): boolean =>
  count < RETRIES_MAX && (!(error instanceof ApiError) || error.status >= 500);

const client = new QueryClient({ defaultOptions: { queries: { retry: may_help, refetchOnWindowFocus: false } } });
const page = document.getElementById("page");
if (page === null) throw new Error("the document has no place for the page");

apply_theme();
createRoot(page).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={page_router()} />
    </QueryClientProvider>
  </StrictMode>,
);
