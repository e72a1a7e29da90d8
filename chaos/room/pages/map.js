// The map of nodes: where they stand, what each says, and the arrows between them. One stop for the keyboard, then arrow keys.
import { border, fitted } from "./drawing/diagram.js";
import { language } from "./language.js";
import { h } from "./nodes.js";
import { bothOf, pair } from "./speech.js";

const LINE = 15.5, TOP = 24, GAP = 9, PUSHES = 200, LINES_MOST = 7, LARGER = 1.06, SCALE_MOST = 2.5, WRAP = 128, WIDE_MOST = 180;
const lang = ([en, zh]) => (en === zh ? en : [h("tspan", { "data-lang": "en" }, en), h("tspan", { "data-lang": "zh" }, zh)]);

// Boxes [x, y, width, height] of nodes with their sizes, spread over a frame and pushed apart until none overlap: the frame has the shape
// that was asked for, and grows until there is room.
let last = { of: "", made: null };  // the last one is kept: nothing moves unless a size does
export function placed(nodes, sizes, shape) {
  const of = JSON.stringify([sizes, shape, nodes.map((n) => [n.id, n.x, n.y])]);
  if (last.of !== of) last = { of, made: spread(nodes, sizes, shape) };
  return last.made;
}
function spread(nodes, sizes, shape) {
  const extent = (key) => [Math.min(...nodes.map((n) => n[key])), Math.max(...nodes.map((n) => n[key]))];
  const [[left, right], [top, bottom]] = [extent("x"), extent("y")];
  for (let scale = 1; ; scale *= LARGER) {
    const frame = shape.map((side) => side * scale), within = (box) => [0, 1].forEach((axis) => (box[axis] = Math.max(box[axis + 2] / 2, Math.min(frame[axis] - box[axis + 2] / 2, box[axis]))));
    const boxes = nodes.map((n, i) => [((n.x - left) / (right - left || 1)) * frame[0], ((n.y - top) / (bottom - top || 1)) * frame[1], ...sizes[i]]);
    boxes.forEach(within);
    let apart = false;
    for (let round = 0; round < PUSHES && !apart; round++) {
      apart = !pushed(boxes);
      boxes.forEach(within);
    }
    if (apart || scale > SCALE_MOST) return { boxes, frame };
  }
}
function pushed(boxes) {
  let moved = false;
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(0, i)) {
      const x = (a[2] + b[2]) / 2 + GAP - Math.abs(a[0] - b[0]), y = (a[3] + b[3]) / 2 + GAP - Math.abs(a[1] - b[1]);
      if (x <= 0.01 || y <= 0.01) continue;
      const axis = x < y ? 0 : 1, by = (Math.min(x, y) / 2) * (a[axis] < b[axis] ? -1 : 1);
      a[axis] += by;
      b[axis] -= by;
      moved = true;
    }
  });
  return moved;
}

// The drawing. `face(node)` says the node's class, sign, lines [[title, value, tone]] and bar; `pick(node)` is called for one chosen.
export function mapOf({ nodes, links, face, name, shape, pick = null }) {
  const faces = nodes.map(face), sizes = faces.map((one, i) => sizeOf(nodes[i], one));
  const { boxes, frame } = placed(nodes, sizes, shape), where = new Map(nodes.map((node, i) => [node.id, boxes[i]])), first = faces.findIndex((one) => one.urgent);
  return h("svg", { class: "map", viewBox: `-5 -5 ${frame[0] + 10} ${frame[1] + 10}`, role: "group", label: pair(name), on: { keydown: arrows } },
    h("defs", {}, h("marker", { id: "arrow", viewBox: "0 0 6 6", refX: 5, refY: 3, markerWidth: 5, markerHeight: 5, orient: "auto" }, h("path", { d: "M0 0L6 3L0 6Z", class: "arrow" }))),
    links.filter(([a, b]) => where.has(a) && where.has(b)).map(([a, b]) => h("path", { key: `${a} ${b}`, class: "edge", d: lineOf(where.get(a), where.get(b)), "marker-end": "url(#arrow)" })),
    nodes.map((node, i) => nodeOf(node, faces[i], boxes[i], i === Math.max(0, first), pick)));
}
function lineOf(a, b) {
  const [from, to] = [border(a, b), border(b, a)];
  return `M${from[0].toFixed(1)} ${from[1].toFixed(1)}L${to[0].toFixed(1)} ${to[1].toFixed(1)}`;
}
const wide = (text) => [...text].reduce((sum, c) => sum + (c.charCodeAt(0) > 0x2e7f ? 13 : 7.3), 0);
const widest = (said) => Math.max(...bothOf(said).map(wide));
function sizeOf(node, { lines, bar, note }) {
  const head = widest(node.title) + (note ? widest(note) + 8 : 0) + 42;
  const rows = lines.map(([title, value]) => widest(title) * (value === null ? 1 : 0.93) + (value === null ? 0 : widest(value) * 0.95 + 8) + 18);
  return [Math.max(88, Math.min(WIDE_MOST, Math.max(head, ...rows))), TOP + LINE * Math.min(lines.length, LINES_MOST) + (bar === undefined ? 2 : 9)];
}
function nodeOf(node, { kind, sign, note, lines, bar, ring }, [x, y, width, height], first, pick) {
  const tone = { beyond: "tb", ok: "tg" }[kind] || "", room = width - (sign ? 22 : 4);
  const parts = [sign, node.title, note, ...lines.slice(0, LINES_MOST).flatMap(([title, value]) => [title, value])].filter((part) => part !== null && part !== undefined && part !== "");
  const spoken = [0, 1].map((i) => parts.map((part) => bothOf(part)[i].trim()).join(" "));  // in the order in which it is written
  const chosen = pick && { tabindex: first ? 0 : -1, role: "button", on: { click: () => pick(node), keydown: (event) => event.key === "Enter" && pick(node) } };
  return h("g", { key: node.id, class: `n ${kind}`, role: "img", ...chosen, "data-node": node.id, label: spoken, transform: `translate(${(x - width / 2).toFixed(1)} ${(y - height / 2).toFixed(1)})` },
    ring && h("rect", { class: "ring", x: -4, y: -4, width: width + 8, height: height + 8, rx: 7 }),
    h("rect", { class: "box", width, height, rx: 5 }),
    sign && [h("text", { x: 7, y: 17, class: `b ${tone}` }, sign), " "],
    h("text", { x: sign ? 22 : 7, y: 17, class: kind === "unmonitored" ? "" : "b" }, lang(bothOf(node.title).map((title) => fitted(title, room - (note ? widest(note) : 0))))), " ",
    note && h("text", { x: width - 7, y: 17, class: `e w ${tone}` }, lang(bothOf(note))), " ",
    lines.slice(0, LINES_MOST).map(([title, value, loud], i) => [
      h("text", { x: 7, y: 33 + LINE * i, class: `v ${value === null ? loud || "t2" : "t2"}` }, lang(bothOf(title).map((text) => fitted(text, width - (value === null ? 0 : 6 + widest(value)))))), " ",
      value !== null && h("text", { x: width - 7, y: 33 + LINE * i, class: `e v ${loud || ""}` }, lang(bothOf(value))), " ",
    ]),
    bar !== undefined && [h("rect", { class: "rail", x: 7, y: height - 9, width: width - 14, height: 4, rx: 2 }), h("rect", { class: "full", x: 7, y: height - 9, width: (width - 14) * bar, height: 4, rx: 2 })]);
}

// What a desk may see of a node: readings of its monitors with their bounds.
export function monitoredFace(node) {
  if (node.state === "unmonitored") return { kind: "unmonitored", sign: "", lines: [[pair("map.unmonitored"), null]] };
  const alarm = node.state === "alarm";
  return { kind: alarm ? "beyond" : "ok", sign: alarm ? "▲" : "✓", note: alarm ? pair("map.alarm") : null, urgent: alarm, lines: node.readings.flatMap(linesOf) };
}
// A reading in as many lines as its title needs, its value and bound at the end of the last.
function linesOf({ title, value, bound, side, state }) {
  const shown = value === null || value === undefined ? "?" : bothOf(value)[0], limit = bound === null || bound === undefined ? "" : ` ${side === "below" ? "≥" : "≤"}${bothOf(bound)[0]}`;
  const lines = wrapped(bothOf(title)[language() === "zh" ? 1 : 0], wide(shown + limit) * 0.95 + 26);
  return lines.map((line, i) => [line, i < lines.length - 1 ? null : shown + limit, state === "alarm" && i === lines.length - 1 ? "tb b" : ""]);
}
// A text in lines of which the last leaves room for what stands behind it.
export function wrapped(text, behind = 0) {
  const lines = [""];
  for (const word of text.split(/(?<= )/)) {
    if (lines[lines.length - 1] && wide((lines[lines.length - 1] + word).trimEnd()) * 0.93 > WRAP) lines.push("");
    lines[lines.length - 1] += word;
  }
  const full = lines[lines.length - 1], cut = full.trimEnd().lastIndexOf(" ") + 1;
  if (cut && wide(full) * 0.93 + behind > WIDE_MOST) lines.splice(-1, 1, full.slice(0, cut), full.slice(cut));
  return lines.map((line) => line.trimEnd());
}

// Arrow keys go to the nearest node that way.
function arrows(event) {
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
  const nodes = [...event.currentTarget.querySelectorAll(".n[tabindex]")], from = event.target;
  if (!way || !nodes.includes(from)) return;
  event.preventDefault();
  const middle = (node) => { const r = node.querySelector(".box").getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
  const [x, y] = middle(from);
  let best = null, least = Infinity;
  for (const node of nodes) {
    const [a, b] = middle(node), on = (a - x) * way[0] + (b - y) * way[1], off = Math.abs((a - x) * way[1] + (b - y) * way[0]);
    if (on > 4 && on + 3 * off < least) [best, least] = [node, on + 3 * off];
  }
  best?.focus();
}
