import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { time_search } from "./lib/time-range.ts";
import { Shell } from "./parts/shell.tsx";
import { CompareRunsView, compare_search } from "./views/compare.tsx";
import { ConversationView } from "./views/conversation.tsx";
import { RunPage, run_search } from "./views/run.tsx";
import { ServicesView } from "./views/services.tsx";
import { TraceView, trace_search } from "./views/trace.tsx";
import { TracesView, traces_search } from "./views/traces.tsx";

const root = createRootRoute({ component: Shell, validateSearch: time_search });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ search }) => {
    // oxlint-disable-next-line only-throw-error -- that is how the router is told
    throw redirect({ to: "/traces", search, replace: true });
  },
});

const services = createRoute({ getParentRoute: () => root, path: "/services", component: ServicesView });

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: traces_search,
  component: TracesView,
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$trace_id",
  validateSearch: trace_search,
  component: TraceView,
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$trace_id/$span_id",
  validateSearch: run_search,
  component: RunPage,
});

const conversation = createRoute({
  getParentRoute: () => root,
  path: "/conversations/$conversation_id",
  component: ConversationView,
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: compare_search,
  component: CompareRunsView,
});

/** All that an address can name. */
export const page_router = () =>
  createRouter({ routeTree: root.addChildren([home, services, traces, trace, run, conversation, compare]) });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof page_router>;
  }
}
