// The log and the talk, oldest above, and the field to speak in.
import { byId } from "./drawing/elements.js";
import { h } from "./nodes.js";
import { key } from "./shell.js";
import { at, both, bothOf, marked, pair, said, t, unmarked } from "./speech.js";

const TALK = new Set(["said", "inject", "announcement", "report"]), SHOWN_MOST = 300;

export function logCard(room, title = "log") {
  const wanted = room.own.log || "all", rows = (room.state.log || []).filter((row) => wanted === "all" || TALK.has(row.kind) === (wanted === "talk")).slice(-SHOWN_MOST);
  const choice = (name) => h("button", { "aria-pressed": String(wanted === name), on: { click: () => room.change({ log: name }) } }, t(`log.${name}`));
  return h("section", { class: "card fill", "aria-labelledby": "log" }, h("div", { class: "head" }, h("h2", { id: "log" }, t(title)), h("span", { class: "row end", role: "group", label: pair("log.show") }, ["all", "facts", "talk"].map(choice))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair(title), "data-newest": true }, h("ol", { class: "feed" }, rows.map((row) => lineOf(room, row)))),
    room.page.readOnly || room.state.clock.state === "over" ? null : sayForm(room));
}
export function lineOf(room, row) {
  const talk = TALK.has(row.kind), typed = typeof row.text === "string";
  const who = row.from && bothOf(row.from)[0] ? [h("b", {}, nameOf(room, row.from)), heardBy(room, row), talk ? both([": ", "："]) : " "] : null;
  return h("li", { class: talk ? "say" : "" }, at(row.t), h("span", {}, talk ? h("span", { class: "mark" }, t("exercise")) : null, talk ? " " : null, who, typed ? byPerson(unmarked(row.text)) : said(unmarkedBoth(row.text))));
}
// Who is spoken to: of those who can read a line, not the one who wrote it.
function heardBy(room, { from, to }) {
  const sender = seatOf(room, from)?.seat, others = Array.isArray(to) ? to.filter((seat) => seat !== sender) : [];
  return others.length ? [" → ", nameOf(room, others)] : null;
}
// What a person typed stands as it is, in whatever language it was typed.
export const byPerson = (text) => h("span", { "data-typed": true }, text);
const unmarkedBoth = (text) => bothOf(text).map(unmarked);
// A seat's title, or what else was named, in the state's words.
export function nameOf(room, name) {
  if (Array.isArray(name)) return name.map((one, i) => [i ? ", " : "", nameOf(room, one)]);
  const seat = seatOf(room, name);
  return seat?.seat === room.state.seat?.name ? t("you") : titleOf(room, name);
}
const seatOf = (room, name) => (room.state.people || []).find((one) => one.seat === name || (typeof name === "object" && bothOf(name).join() === bothOf(one.title).join()));
export function titleOf(room, name) {
  const seat = seatOf(room, name);
  return seat ? said(seat.title) : name === "automated" ? t("people.automated") : said(name);
}
// How a seat is played, in a word: what a room says of who is there, else what the drill says of an empty one.
export function presence({ person, state }) {
  return state === "absent" ? "absent" : person === "automated" || person === "nobody" ? person : state;
}
export function sayForm(room) {
  const others = (room.state.people || []).filter((one) => one.seat !== room.state.seat.name && one.person !== "nobody");
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
