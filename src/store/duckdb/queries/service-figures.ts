import type { View } from "../views.ts";

/** What all rows of a service come to, without reading them. `last_seen_us`: the newest start of a root or workflow. */
export function stored_of({ generations, segments }: View, service_name: string) {
  let [span_count, last_seen_us] = [0, null as bigint | null];
  const see = (us: bigint | null) => {
    if (us !== null && (last_seen_us === null || us > last_seen_us)) last_seen_us = us;
  };
  for (const { services } of segments) {
    const figures = services.get(service_name);
    span_count += figures?.span_count ?? 0;
    if (figures?.max_listed_us != null) see(BigInt(figures.max_listed_us));
  }
  for (const { reader } of generations) {
    const { span_count: spans, newest_listed_us } = reader.service_figures(service_name);
    span_count += spans;
    see(newest_listed_us);
  }
  return { span_count, last_seen_us };
}
