// One order at a time: its hops through the services as a waterfall, with waits, repeated calls and what nobody waited for any more.
import { byId, clock, make, plain } from "./drawing/elements.js";

const TENS = 10;
const HOP_HEADS = ["hop", "arrive", "wait", "took", "ended"];

// Times are in microseconds from the order's submission. `said` gives a word of the page, `go` moves the page to a second of the day.
export function orderHops({ orders, said, named, go }) {
  if (!orders.shown.length) return () => {};
  const now = { order: orders.shown.find((order) => order.bad) || orders.shown[0], whole: false };
  const length = (us) => (us < 1e6 ? said("hops.ms").replace("{n}", short(us / 1e3)) : said("hops.s").replace("{n}", short(us / 1e6)));
  const name = (hop) => `${named(orders.units[hop[1]])} · ${named(orders.operations[hop[2]])}`;
  const body = byId("kept").tBodies[0];

  function choose(order, focus) {
    now.order = order;
    now.whole = false;
    [...body.rows].forEach((row, i) => row.querySelector("button").setAttribute("aria-pressed", String(orders.shown[i] === order)));
    if (focus) body.rows[orders.shown.indexOf(order)].querySelector("button").focus();
    waterfall();
    go(order.t);
  }
  function list() {
    body.replaceChildren();
    for (const order of orders.shown) {
      const row = make("tr", {}, null, body), at = make("td", {}, null, row);
      const button = make("button", { type: "button", class: "order", "aria-pressed": String(order === now.order) }, moment(order), at);
      button.addEventListener("click", () => choose(order));
      button.addEventListener("keydown", (event) => step(event, order));
      make("td", {}, named(order.flow), row);
      make("td", { class: "n" }, plain(order.customer), row);
      make("td", { class: order.bad ? "bad" : "" }, named(order.outcome), row);
      make("td", {}, named(order.truth), row);
      make("td", { class: "n" }, order.answer === null ? "–" : length(order.answer), row);
    }
  }
  function step(event, order) {
    const other = orders.shown[orders.shown.indexOf(order) + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    if (other) choose(other, true);
  }
  // Until the customer has an answer, unless all is asked for: what comes later takes minutes, and would leave no room for it.
  function reach() {
    const { hops, answer } = now.order, last = Math.max(1, answer || 0, ...hops.map((hop) => hop[5]));
    const later = answer !== null && hops.some((hop) => hop[3] < answer) && last > 1.2 * answer;
    return { later, until: later && !now.whole ? 1.1 * answer : last };
  }
  function waterfall() {
    const { order } = now, { later, until } = reach();
    const attempts = order.attempts > 1 ? ` · ${said("hops.attempts").replace("{n}", plain(order.attempts))}` : "";
    byId("hops-title").textContent = `${moment(order)} ${named(order.flow)}: ${named(order.outcome)} · ${named(order.truth)}${attempts}`;
    byId("hops-reach").hidden = !later;
    byId("hops-reach").textContent = said(now.whole ? "hops.until_answer" : "hops.whole");
    const table = byId("waterfall");
    table.replaceChildren();
    const head = make("tr", {}, null, make("thead", {}, null, table));
    HOP_HEADS.forEach((key, i) => {
      make("th", { scope: "col", class: i && i < 4 ? "n" : "" }, said(`hops.head.${key}`), head);
      if (!i) axis(make("th", { scope: "col", class: "track" }, null, head), until);
    });
    const rows = make("tbody", {}, null, table);
    customer(rows, order, until);
    for (const hop of order.hops.filter((one) => one[3] <= until)) line(rows, order, hop, until);
    const hidden = order.more + order.hops.filter((one) => one[3] > until).length;
    if (!order.hops.length || hidden) {
      const text = order.hops.length ? said("hops.more").replace("{n}", plain(hidden)) : said("hops.nowhere");
      make("td", { colspan: 6, class: "soft" }, text, make("tr", {}, null, rows));
    }
  }
  function axis(cell, until) {
    const row = make("div", { class: "ticks" }, null, cell);
    for (const part of [0, 0.25, 0.5, 0.75, 1]) make("span", { style: `left:${100 * part}%` }, part ? length(part * until) : "0", row);
  }
  function customer(rows, { answer, outcome, bad, customer: number }, until) {
    const cells = [`${said("hops.customer")} ${plain(number)}`, "0", "–", answer === null ? "–" : length(answer), named(outcome)];
    bars(lineOf(rows, cells, 0, bad), [[0, answer === null ? until : answer, "client"]], answer, until);
  }
  function line(rows, order, hop, until) {
    const [depth, , , arrive, wait, end, code, before, alone] = hop;
    const failed = code > 1, left = alone === null ? end : alone, tone = failed ? "failed" : "work";
    const cells = [name(hop), length(arrive), wait ? length(wait) : "–", length(end - arrive), named(orders.codes[code])];
    const track = lineOf(rows, cells, depth + 1, failed);
    if (before) make("b", { class: "again" }, ` ×${before + 1}`, track.parentNode.previousSibling);
    const worked = arrive + wait, parts = [[arrive, Math.min(worked, left), "wait"], [worked, left, tone], [left, end, "alone"]];
    bars(track, parts, order.answer, until);
  }
  function lineOf(rows, [title, ...cells], depth, failed) {
    const row = make("tr", {}, null, rows);
    make("th", { scope: "row", style: `padding-left:${0.4 + 0.8 * Math.min(depth, TENS)}rem` }, title, row);
    const track = make("div", { class: "bar" }, null, make("td", { class: "track" }, null, row));
    cells.forEach((text, i) => make("td", { class: i < 3 ? "n" : failed ? "bad" : "" }, text, row));
    return track;
  }
  function bars(track, parts, answer, until) {
    for (const [from, to, kind] of parts) {
      const a = Math.max(0, from), b = Math.min(to, until);
      if (b > a || (b === a && from === to && kind !== "wait" && kind !== "alone")) {
        make("i", { class: `hop ${kind}`, style: `left:${(100 * a) / until}%;width:${(100 * (b - a)) / until}%` }, null, track);
      }
    }
    if (answer !== null && answer <= until) make("i", { class: "answer", style: `left:${(100 * answer) / until}%` }, null, track);
  }
  byId("hops-reach").addEventListener("click", () => { now.whole = !now.whole; waterfall(); });
  return () => { list(); waterfall(); };
}
const short = (n) => n.toLocaleString("en", { maximumSignificantDigits: n >= 1000 ? 4 : 3 });
const moment = (order) => `${clock(order.t)}.${String(Math.floor(order.micro / 1e3)).padStart(3, "0")}`;
