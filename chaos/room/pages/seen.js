// What every seat can see: the map of what is monitored, and what becomes of orders.
import { plain } from "./drawing/elements.js";
import { mapOf, monitoredFace } from "./map.js";
import { h } from "./nodes.js";
import { ordersHead, ordersOf } from "./orders.js";
import { sizeOf } from "./shell.js";
import { t } from "./speech.js";

// `scale` is how much larger than on a desk its letters are.
export function mapCard(room, pick = null, scale = 1) {
  const { map } = room.state;
  return h("section", { class: "card fill", "aria-labelledby": "map" }, h("div", { class: "head" }, h("h2", { id: "map" }, t("map")), mapKeys()),
    h("div", { class: "picture", id: "map-box" }, mapOf({ nodes: map.nodes, links: map.links, face: monitoredFace, name: "map", shape: frameOf(sizeOf("map-box", [638, 262]), scale), pick })));
}
// A narrow window scrolls over a map of this width: letters stay readable.
const NARROWEST = 620;
const frameOf = ([width, height], scale = 1) => [Math.max(NARROWEST, width / scale), height / scale];
const mapKeys = () => h("ul", { class: "keys end" }, h("li", {}, h("b", { class: "bad" }, "▲"), " ", t("map.beyond")), h("li", {}, h("b", { class: "good" }, "✓"), " ", t("map.within")), h("li", {}, h("span", { class: "dashed" }), " ", t("map.ask")));
function marksOf(state) {
  const begun = state.commands.filter((command) => command.times?.begun).map((command) => [command.times.begun, String(command.n), "begun"]);
  return [...state.alarms.map((alarm) => [alarm.since, "▲", "alarmed"]), ...begun];
}
export function ordersCard(room, withFailed = true, scale = 1) {
  const { orders } = room.state;
  return h("section", { class: "card fill", "aria-labelledby": "orders" }, h("div", { class: "head" }, h("h2", { id: "orders" }, ordersHead(orders)), h("span", { class: "soft small nowrap" }, "▲ ", t("map.alarm"), " · ", h("b", {}, "1"), " ", t("orders.begun")),
    withFailed ? h("span", { class: "end small nowrap" }, t("orders.failed"), " ", h("b", { class: "bad num total" }, plain(orders.failed))) : null),
    h("div", { class: "picture", id: "orders-box" }, ordersOf({ orders, marks: marksOf(room.state), size: sizeOf("orders-box", [638, 360]).map((pixels) => pixels / scale), now: room.state.clock.t })));
}
