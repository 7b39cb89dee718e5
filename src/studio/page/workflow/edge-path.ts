export type Point = { x: number; y: number };

const HEAD = { length: 8, width: 4 };

/** An SVG path through points, its corners rounded, with an arrow's head at its end. Empty if there is no way to go. */
export function edge_path(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return "";
  const at = ({ x, y }: Point) => `${round(x)},${round(y)}`;
  const between = (a: Point, b: Point) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const corners = rest
    .slice(0, -1)
    .map((corner, index) => `Q${at(corner)} ${at(between(corner, rest[index + 1] ?? corner))}`);
  const before = rest.at(-2) ?? first;
  const angle = Math.atan2(last.y - before.y, last.x - before.x);
  const side = (sign: number) => ({
    x: last.x - HEAD.length * Math.cos(angle) + sign * HEAD.width * Math.sin(angle),
    y: last.y - HEAD.length * Math.sin(angle) - sign * HEAD.width * Math.cos(angle),
  });
  return [`M${at(first)}`, ...corners, `L${at(last)}`, `M${at(side(1))} L${at(last)} L${at(side(-1))}`].join(" ");
}

const round = (value: number) => Number(value.toFixed(1));

/** Where a label is put: on the point in the middle. */
export const middle_of = (points: readonly Point[]): Point | undefined => points[Math.floor(points.length / 2)];
