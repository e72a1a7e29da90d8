// The log and the talk, oldest above, and the field to speak in.
import { byId } from "./drawing/elements.js";
import { h } from "./nodes.js";
import { key } from "./shell.js";
import { at, bothOf, marked, pair, said, t, unmarked } from "./speech.js";

const TALK = new Set(["said", "inject", "announcement", "report"]), SHOWN_MOST = 300;

export function logCard(room, title = "log") {
  const wanted = room.own.log || "all", rows = (room.state.log || []).filter((row) => wanted === "all" || TALK.has(row.kind) === (wanted === "talk")).slice(-SHOWN_MOST);
  const choice = (name) => h("button", { "aria-pressed": String(wanted === name), on: { click: () => room.change({ log: name }) } }, t(`log.${name}`));
  return h("section", { class: "card fill", "aria-labelledby": "log" }, h("div", { class: "head" }, h("h2", { id: "log" }, t(title)), h("span", { class: "row end", role: "group", label: pair("log.show") }, ["all", "facts", "talk"].map(choice))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair(title), "data-newest": true }, h("ol", { class: "feed" }, rows.map((row) => lineOf(room, row)))),
    room.page.readOnly ? null : sayForm(room));
}
export function lineOf(room, row) {
  const talk = TALK.has(row.kind), typed = typeof row.text === "string";
  const who = row.from ? [h("b", {}, nameOf(room, row.from)), row.to && row.to !== "all" ? [" → ", nameOf(room, row.to)] : null, " "] : null;
  return h("li", { class: talk ? "say" : "" }, at(row.t), h("span", {}, talk ? h("span", { class: "mark" }, t("exercise")) : null, talk ? " " : null, who, typed ? unmarked(row.text) : said(unmarkedBoth(row.text))));
}
const unmarkedBoth = (text) => bothOf(text).map(unmarked);
// A seat's title, or what else was named, in the state's words.
export function nameOf(room, name) {
  if (name === room.state.seat?.name) return t("you");
  const seat = (room.state.people || []).find((one) => one.seat === name);
  return seat ? said(seat.title) : said(name);
}
export function sayForm(room) {
  const others = (room.state.people || []).filter((one) => one.seat !== room.state.seat.name && one.state !== "nobody");
  const submit = (event) => {
    event.preventDefault();
    const field = byId("say"), text = field.value.trim();
    if (text && room.send({ kind: "say", to: byId("say-to").value, text: marked(text) }) !== null) field.value = "";
  };
  return h("form", { class: "row say", on: { submit } },
    h("select", { id: "say-to", label: pair("say.to") }, h("option", { value: "all", text: pair("say.all") }), others.map((one) => h("option", { key: one.seat, value: one.seat, text: bothOf(one.title).map((title) => `→ ${title}`) }))),
    h("input", { id: "say", class: "grow", label: pair("say.text"), hint: pair("say.hint"), maxlength: 400, autocomplete: "off" }), h("button", { disabled: !room.linked }, t("say.send"), key("/")));
}
export const toSpeak = () => byId("say")?.focus();
