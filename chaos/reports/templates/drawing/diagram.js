// A drawing of nodes and of arrows between them. A box is [x, y, width, height]: its centre and its size.
import { draw } from "./elements.js";

// Where the line from the centre of one box to that of another leaves the first.
export function border(a, b) {
  const dx = b[0] - a[0], dy = b[1] - a[1];
  const reach = Math.min((a[2] / 2 + 2) / (Math.abs(dx) || 1e-9), (a[3] / 2 + 2) / (Math.abs(dy) || 1e-9));
  return [a[0] + dx * reach, a[1] + dy * reach];
}
// The line between two boxes, `beside` to the side, so that there is room for the one that goes back.
export function linkPath(a, b, beside) {
  const far = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1, side = [(-(b[1] - a[1]) / far) * beside, ((b[0] - a[0]) / far) * beside];
  const [from, to] = [border(a, b), border(b, a)];
  return `M${from[0] + side[0]} ${from[1] + side[1]}L${to[0] + side[0]} ${to[1] + side[1]}`;
}
export function arrowHead(id, fill, parent) {
  const head = draw("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, parent);
  draw("path", { d: "M0 0L8 4L0 8z", fill }, head);
}
// What of a text has room in a box of that width.
export function fitted(text, width) {
  let room = width - 8, kept = "";
  for (const c of text) {
    room -= c.charCodeAt(0) > 0x2e7f ? 13 : 7.3;
    if (room < 0) return kept.slice(0, -1) + "…";
    kept += c;
  }
  return kept;
}
