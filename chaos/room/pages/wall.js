// The wall, for a projector: what is monitored and what goes on. No controls but the language.
import { newAlarms, openAlarms, readingOf } from "./alarms.js";
import { branchMark, clockFace, duty, pace, phaseLines, severity } from "./bar.js";
import { brief, inOrder } from "./commands.js";
import { plain } from "./drawing/elements.js";
import { lineOf, nameOf } from "./log.js";
import { h } from "./nodes.js";
import { overView } from "./over.js";
import { mapCard, ordersCard } from "./seen.js";
import { languageButton, openPage } from "./shell.js";
import { exercise, said, span, t } from "./speech.js";
import { isOver } from "./steering.js";

const LARGER = 1.45, COMMANDS_MOST = 6, LINES_MOST = 9, ALARMS_MOST = 8;

function view(room) {
  const scale = innerWidth >= 1600 ? LARGER : 1;
  if (isOver(room.state)) return overView(room, [mapCard(room, null, scale), ordersCard(room, true, scale)]);
  const { state } = room, open = openAlarms(state), taken = state.alarms.filter((alarm) => alarm.state === "acknowledged"), now = state.clock.t;
  const alarm = (one, mark) => h("li", { key: one.id }, h("b", { class: mark === "▲" ? "bad" : "soft" }, mark), h("span", {}, said(one.title), " ", readingOf(one), mark === "△" ? [" · ", nameOf(room, one.by)] : null), h("b", { class: "num" }, span(now - one.since)));
  return [h("header", { class: "bar" }, first(room), h("div", {}, phaseLines(state), pace(room)), severity(state), duty(state),
    h("div", {}, h("span", { class: "lab" }, t("orders.failed")), h("b", { class: "num bad huge" }, plain(state.orders.failed))), h("div", { class: "bare" }, languageButton(room))),
  h("main", { class: "wall" }, mapCard(room, null, scale),
    h("section", { class: "card fill", "aria-labelledby": "alarms" }, h("div", { class: "head" }, h("h2", { id: "alarms" }, t("alarms")), h("span", { class: `chip end ${open.length ? "bad" : "good"}` }, open.length ? `▲ ${open.length} ` : "✓ 0 ", t("alarms.nobody"))),
      h("ol", { class: "big" }, open.map((one) => alarm(one, "▲")), taken.map((one) => alarm(one, "△")).slice(0, Math.max(0, ALARMS_MOST - open.length))),
      h("h2", { class: "part" }, t("commands.all")), h("ol", { class: "big" }, inOrder(state.commands).slice(0, COMMANDS_MOST).map((command) => brief(room, command, now)))),
    ordersCard(room, false, scale),
    h("section", { class: "card fill", "aria-labelledby": "sofar" }, h("div", { class: "head" }, h("h2", { id: "sofar" }, t("wall.sofar"))), h("ol", { class: "feed" }, (state.log || []).slice(-LINES_MOST).map((row) => lineOf(room, row)))))];
}
const first = ({ state }) => h("div", { class: "who" }, h("span", { class: "row" }, exercise(), " ", h("h1", { class: "bt" }, said(state.drill.title)), branchMark(state)), clockFace(state));
openPage({ name: "wall", title: "page.wall", view, newly: newAlarms, readOnly: true });
