// Orders by outcome in bins of some seconds, piled in an order that never changes; each outcome has its own hatching. An order is counted
// once: where its answer came, and while it has none, on the newest bar.
import { clock } from "./drawing/elements.js";
import { h } from "./nodes.js";
import { pair, t } from "./speech.js";

const FROM_BELOW = ["confirmed", "reject", "unknown", "error", "blocked", "open"];
const LEGEND = 148, FOOT = 20, HEAD = 18, LEFT = 34;

export const hatches = () => h("svg", { class: "hatches", "aria-hidden": "true", width: 0, height: 0 }, h("defs", {},
  pattern("reject", 4, h("path", { d: "M0 1H4", class: "gap1" })),
  pattern("error", 6, h("path", { d: "M0 0V6", class: "gap2" }), "rotate(45)"),
  pattern("unknown", 5, h("circle", { cx: 2.5, cy: 2.5, r: 1.15, class: "dot" })),
  pattern("blocked", 6, h("path", { d: "M0 1H6M1 0V6", class: "gap1" })),
  pattern("open", 6, h("path", { d: "M0 6L6 0", class: "pen" }))));
const pattern = (kind, size, sign, turn = false) =>
  h("pattern", { id: `hatch-${kind}`, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: turn }, h("rect", { width: size, height: size, class: `k-${kind}` }), sign);
const ink = (kind) => (kind === "confirmed" ? "var(--confirmed)" : `url(#hatch-${kind})`);

// `marks` are [second, sign, kind]: alarms and commands begun.
export function ordersOf({ orders, marks, size: [width, height], now }) {
  const kinds = FROM_BELOW.filter((kind) => orders.kinds.includes(kind)), place = kinds.map((kind) => orders.kinds.indexOf(kind));
  const room = Math.max(80, width - LEGEND - LEFT), shownMost = Math.max(12, Math.floor(room / 8)), skipped = Math.max(0, orders.rows.length - shownMost);
  const open = orders.kinds.indexOf("open"), last = orders.rows.length - 1;
  const rows = orders.rows.slice(skipped).map((row, i) => (i + skipped < last ? row.map((n, k) => (k === open ? 0 : n)) : row)), from = orders.t0 + skipped * orders.bin, bins = Math.max(rows.length, Math.min(shownMost, 36));
  const most = niceAbove(Math.max(10, ...rows.map((row) => row.reduce((a, b) => a + b, 0)))), high = height - HEAD - FOOT;
  const y = (n) => HEAD + high * (1 - n / most), x = (second) => LEFT + ((second - from) / (bins * orders.bin)) * room, step = room / bins;
  const full = rows[rows.length - 1] || [];
  const legend = [...kinds].reverse().map((kind, i) => h("g", { key: kind, transform: `translate(${width - LEGEND + 14} ${HEAD + 22 + 19 * i})` },
    h("rect", { width: 12, height: 12, fill: ink(kind), class: "swatch" }), h("text", { x: 18, y: 10.5 }, tspans(pair(`orders.${kind}`))),
    h("text", { x: LEGEND - 16, y: 10.5, class: "e b" }, String(full[orders.kinds.indexOf(kind)] ?? 0))));
  return h("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", label: spoken(orders, kinds, full) },
    [0, 1, 2, 3, 4].map((i) => (most * i) / 4).filter(Number.isInteger).map((n) => [h("path", { class: "rule", d: `M${LEFT} ${y(n)}H${LEFT + room}` }), h("text", { class: "t2 e", x: LEFT - 5, y: y(n) + 4 }, String(n))]),
    kinds.map((kind, k) => h("path", { key: kind, class: "pile", fill: ink(kind), d: rows.map((row, i) => bar(row, i)(k)).join("") })),
    hours(from, from + bins * orders.bin, room).map((second) => h("text", { class: "t2 m", x: x(second), y: height - 5 }, clock(second).slice(0, -3))),
    marks.filter(([second]) => second >= from && second <= now).map(([second, sign, kind]) => h("g", { key: `${second} ${sign}`, class: `mark ${kind}` },
      h("path", { d: `M${x(second)} ${HEAD}V${HEAD + high}` }), h("text", { class: "m b", x: x(second), y: HEAD - 5 }, sign))),
    h("text", { class: "t2", x: width - LEGEND + 14, y: HEAD + 10 }, tspans(pair("orders.last", { n: String(orders.bin) }))), legend);

  function bar(row, i) {
    let below = 0;
    const edges = place.map((k) => [below, (below += row[k] || 0)]);
    return (k) => (edges[k][1] > edges[k][0] ? `M${(LEFT + i * step + 0.6).toFixed(1)} ${y(edges[k][0]).toFixed(1)}h${(step - 1.2).toFixed(1)}V${y(edges[k][1]).toFixed(1)}h${(1.2 - step).toFixed(1)}z` : "");
  }
}
const tspans = ([en, zh]) => [h("tspan", { "data-lang": "en" }, en), h("tspan", { "data-lang": "zh" }, zh)];
function niceAbove(n) {
  const unit = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 3, 4, 6, 8, 10].map((m) => m * unit).find((m) => m >= n);
}
function hours(a, b, room) {
  const every = [60, 120, 300, 600, 1800, 3600].find((s) => ((b - a) / s) * 60 <= room) || 7200;
  return Array.from({ length: Math.ceil((b - a) / every) + 1 }, (_, i) => (Math.ceil(a / every) + i) * every).filter((s) => s <= b);
}
function spoken(orders, kinds, full) {
  return pair("orders.spoken", { n: String(orders.bin) }).map((text, i) => `${text} ${kinds.map((kind) => `${pair(`orders.${kind}`)[i]} ${full[orders.kinds.indexOf(kind)] ?? 0}`).join(", ")}`);
}
export const ordersHead = (orders) => t("orders.title", { n: String(orders.bin) });
