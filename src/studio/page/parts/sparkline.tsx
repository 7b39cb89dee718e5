const WIDTH = 120;
const HEIGHT = 24;

/** Values over time, as a line; where there is no value there is a gap. */
export function Sparkline({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const most = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  if (most === 0) return <span className="faint">–</span>;
  const x = (index: number) => (index / Math.max(1, values.length - 1)) * WIDTH;
  const y = (value: number) => HEIGHT - 2 - (value / most) * (HEIGHT - 4);
  const path = values
    .map((value, index) => {
      if (value === null) return "";
      const is_first = index === 0 || values[index - 1] === null;
      // One value alone is a dot.
      const dot = is_first && (values[index + 1] ?? null) === null ? "h2.5" : "";
      return `${is_first ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}${dot}`;
    })
    .join("");
  return (
    <svg role="img" aria-label={label} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      <path d={path} fill="none" stroke="var(--accent)" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
