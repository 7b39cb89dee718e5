import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { useTheme } from "../lib/theme.ts";

type Props = {
  since: string;
  until: string;
  parts: readonly { spans: number; errors: number }[];
  /** A part of the time was chosen, in ISO 8601. */
  on_chosen: (since: string, until: string) => void;
};

const HEIGHT = 90;

/** Matching spans over time, and those with errors. A part of it can be chosen by dragging. */
export function CountsChart({ since, until, parts, on_chosen }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const chosen = useRef(on_chosen);
  chosen.current = on_chosen;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const chart = new uPlot(options(element, chosen), data_of(since, until, parts), element);
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [since, until, parts, theme]);
  const spans = parts.reduce((sum, part) => sum + part.spans, 0);
  const errors = parts.reduce((sum, part) => sum + part.errors, 0);
  return (
    <div
      ref={place}
      className="chart"
      role="img"
      aria-label={`${spans} matching spans over time, ${errors} of them with errors. Drag to choose a part of the time.`}
    />
  );
}

function data_of(since: string, until: string, parts: Props["parts"]): uPlot.AlignedData {
  const [from, to] = [Date.parse(since) / 1000, Date.parse(until) / 1000];
  const step = (to - from) / Math.max(1, parts.length);
  return [
    parts.map((_, index) => from + (index + 0.5) * step),
    parts.map(({ spans }) => none_if_zero(spans)),
    parts.map(({ errors }) => none_if_zero(errors)),
  ];
}

/** A bar of no height would still be a line. */
const none_if_zero = (count: number): number | null => (count === 0 ? null : count);

function options(element: HTMLElement, chosen: { current: Props["on_chosen"] }): uPlot.Options {
  const color = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const bars = uPlot.paths.bars?.({ size: [0.9, 40] });
  const axis = { stroke: color("--faint"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false } },
    axes: [axis, { ...axis, size: 44, splits: (self) => [0, self.scales.y?.max ?? 0] }],
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most)] } },
    series: [
      {},
      {
        label: "spans",
        fill: color("--bar-1"),
        stroke: color("--bar-1"),
        ...(bars && { paths: bars }),
        points: { show: false },
      },
      {
        label: "errors",
        fill: color("--error"),
        stroke: color("--error"),
        ...(bars && { paths: bars }),
        points: { show: false },
      },
    ],
    hooks: {
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width < 2) return;
          const iso = (at: number) => new Date(self.posToVal(at, "x") * 1000).toISOString();
          chosen.current(iso(left), iso(left + width));
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}
