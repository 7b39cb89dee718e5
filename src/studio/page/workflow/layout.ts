import { Graph, layout } from "@dagrejs/dagre";
import type { WorkflowGraph } from "./types.ts";

/** Pixels. Of a node in a group: from the group's upper left corner. */
export type NodeBox = {
  node_id: string;
  parent_id: string | null;
  x: number;
  y: number;
  width: number;
  height: number;
};

/** `points` are in the drawing, not in a group. */
export type EdgeLine = { edge_id: string; points: { x: number; y: number }[] };

export type GraphLayout = { width: number; height: number; boxes: NodeBox[]; lines: EdgeLine[] };

const NODE = { width: 190, height: 62 };
/** Room for a group's own name, which is written above what is in it. */
const GROUP_HEAD_HEIGHT = 34;
const GROUP_MARGIN = 16;
const BETWEEN_RANKS = 56;
const BETWEEN_NODES = 36;

type Box = { x: number; y: number; width: number; height: number };

/** Moves boxes and points so that none is left of or above 0: an edge's bend may be. Says how much room they take. */
function move_to_corner(boxes: readonly Box[], points: readonly { x: number; y: number }[]) {
  const left = Math.min(0, ...points.map(({ x }) => x));
  const top = Math.min(0, ...points.map(({ y }) => y));
  for (const place of [...boxes, ...points]) {
    place.x -= left;
    place.y -= top;
  }
  return {
    width: Math.max(0, ...boxes.map(({ x, width }) => x + width), ...points.map(({ x }) => x)),
    height: Math.max(0, ...boxes.map(({ y, height }) => y + height), ...points.map(({ y }) => y)),
  };
}

/**
 * Lays a graph out from top to bottom. What is in a concurrent group or subflow is laid out by itself, and the group is then
 * a node of that size: a graph library's own groups can be neither the end of an edge nor kept from overlapping.
 */
export function layout_graph(graph: WorkflowGraph): GraphLayout {
  const boxes = new Map<string, Box>();
  const points = new Map<string, { x: number; y: number }[]>();
  const parent_of = new Map(graph.nodes.map(({ id, parent_id }) => [id, parent_id]));

  const lay_out = (parent_id: string | null): { width: number; height: number } => {
    const inside = graph.nodes.filter((node) => node.parent_id === parent_id);
    const drawing = new Graph({ multigraph: true });
    drawing.setGraph({ rankdir: "TB", ranksep: BETWEEN_RANKS, nodesep: BETWEEN_NODES });
    for (const { id } of inside) drawing.setNode(id, { ...size_of(id) });
    const edges = graph.edges.filter(
      ({ tail_id, head_id }) => parent_of.get(tail_id) === parent_id && parent_of.get(head_id) === parent_id,
    );
    for (const { id, tail_id, head_id } of edges) drawing.setEdge(tail_id, head_id, {}, id);
    layout(drawing);
    for (const { id } of inside) {
      const { x = 0, y = 0, width, height } = drawing.node(id);
      boxes.set(id, { x: x - width / 2, y: y - height / 2, width, height });
    }
    for (const { id, tail_id, head_id } of edges) points.set(id, drawing.edge(tail_id, head_id, id)?.points ?? []);
    return move_to_corner(
      inside.flatMap(({ id }) => boxes.get(id) ?? []),
      edges.flatMap(({ id }) => points.get(id) ?? []),
    );
  };

  const size_of = (id: string) => {
    if (!graph.nodes.some((node) => node.parent_id === id)) return NODE;
    const { width, height } = lay_out(id);
    return { width: width + 2 * GROUP_MARGIN, height: height + GROUP_HEAD_HEIGHT + GROUP_MARGIN };
  };

  const size = lay_out(null);
  const corner_of = (id: string | null): { x: number; y: number } => {
    const box = id === null ? undefined : boxes.get(id);
    if (id === null || !box) return { x: 0, y: 0 };
    const around = corner_of(parent_of.get(id) ?? null);
    return { x: around.x + box.x + GROUP_MARGIN, y: around.y + box.y + GROUP_HEAD_HEIGHT };
  };
  return {
    ...size,
    boxes: graph.nodes.flatMap(({ id, parent_id }) => {
      const box = boxes.get(id);
      if (!box) return [];
      const [x, y] = parent_id === null ? [box.x, box.y] : [box.x + GROUP_MARGIN, box.y + GROUP_HEAD_HEIGHT];
      return { node_id: id, parent_id, ...box, x, y };
    }),
    lines: graph.edges.map(({ id, tail_id }) => {
      const corner = corner_of(parent_of.get(tail_id) ?? null);
      return { edge_id: id, points: (points.get(id) ?? []).map(({ x, y }) => ({ x: x + corner.x, y: y + corner.y })) };
    }),
  };
}
