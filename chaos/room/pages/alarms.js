// Alarms: to acknowledge, acknowledged by whom, and signs that are not alarms yet. Newest first.
import { byId } from "./drawing/elements.js";
import { nameOf } from "./log.js";
import { h } from "./nodes.js";
import { key } from "./shell.js";
import { at, bothOf, pair, said, span, t, word } from "./speech.js";

const newestFirst = (alarms) => [...alarms].sort((a, b) => b.since - a.since);
export const openAlarms = (state) => newestFirst(state.alarms.filter((alarm) => alarm.state === "open"));
const takenUp = (state) => newestFirst(state.alarms.filter((alarm) => alarm.state === "acknowledged"));

export function acknowledge(room, alarm) {
  const rest = openAlarms(room.state).filter((other) => other.id !== alarm.id && !room.waits({ kind: "ack", alarm: other.id }));
  if (room.send({ kind: "ack", alarm: alarm.id }) === null) return;
  const next = rest.length ? byId(`ack-${rest[0].id}`) : byId("alarms");
  next?.focus();
}
export const acknowledgeTopmost = (room) => {
  const [first] = openAlarms(room.state).filter((alarm) => !room.waits({ kind: "ack", alarm: alarm.id }));
  if (first) acknowledge(room, first);
};
// What a polite voice says of alarms that were not there before.
export function newAlarms(before, state) {
  const known = new Set(before.alarms.map((alarm) => alarm.id));
  return openAlarms(state).filter((alarm) => !known.has(alarm.id)).map((alarm) => word("alarms.new", { title: bothOf(alarm.title) }));
}
export function alarmsCard(room) {
  const { state } = room, open = openAlarms(state), taken = takenUp(state);
  return h("section", { class: "card fill", "aria-labelledby": "alarms" },
    h("div", { class: "head" }, h("h2", { id: "alarms", tabindex: -1 }, t("alarms")), h("span", { class: `chip end ${open.length ? "bad" : "good"}` }, h("b", {}, open.length ? `▲ ${open.length}` : "✓ 0"), " ", t("alarms.open"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("alarms") },
      h("ol", {}, open.map((alarm, i) => alarmOf(room, alarm, i === 0))),
      taken.length ? [h("h3", { class: "soft part" }, t("alarms.taken"), ` · ${taken.length}`), h("ol", { class: "taken" }, taken.map((alarm) => alarmOf(room, alarm, false)))] : null,
      state.signs?.length ? [h("h3", { class: "soft part" }, t("signs")), h("ul", { class: "small signs" }, state.signs.map((sign) =>
        h("li", { class: "row between" }, h("span", {}, said(sign.title)), h("span", { class: "num soft nowrap" }, `${sign.n} / ${sign.of}`))))] : null),
    h("p", { class: "soft small foot" }, t("alarms.note")));
}
// What an alarm's monitor reads, with its unit where each language has it, and the bound beside it.
const measured = (value, unit) => {
  const [en, zh] = bothOf(value), [english, chinese] = unit ? bothOf(unit) : ["", ""];
  return value === null || !unit ? [en, zh] : unit === "%" ? [`${en}%`, `${zh}%`] : [`${en} ${english}`, `${chinese} ${zh}`];
};
export const readingOf = (alarm) => said(measured(alarm.reading, alarm.unit));
export const boundOf = ({ bound, unit }) => (bound === null || bound === undefined ? null : h("span", { class: "soft" }, t("alarms.bound"), " ", said(unit === "%" ? measured(bound, unit) : bound)));
function alarmOf(room, alarm, topmost) {
  const fresh = alarm.state === "open", now = room.state.clock.t;
  return h("li", { key: alarm.id, class: `alarm ${fresh ? "new" : "seen"}` }, h("span", { class: "mark", "aria-hidden": "true" }, fresh ? "▲" : "△"),
    h("div", { class: "row between" }, h("h3", {}, said(alarm.title)), h("b", { class: "num small" }, span(now - alarm.since))),
    h("p", { class: "small num" }, readingOf(alarm), " ", boundOf(alarm)),
    h("div", { class: "foot" }, h("span", { class: "soft small num" }, at(alarm.since)), fresh && !room.page.readOnly
      ? h("button", { id: `ack-${alarm.id}`, disabled: room.waits({ kind: "ack", alarm: alarm.id }) && !focusedOn(`ack-${alarm.id}`), label: pair("alarms.ack.of", { title: bothOf(alarm.title) }), on: { click: () => acknowledge(room, alarm) } }, t("alarms.ack"), topmost ? key("A") : null)
      : fresh ? null : h("span", { class: "chip" }, "✓ ", nameOf(room, alarm.by), alarm.at ? [" ", at(alarm.at)] : null)));
}
const focusedOn = (id) => document.activeElement?.id === id;
