// The desk of whoever acts: what calls, what can be seen, and what can be done and said.
import { acknowledgeTopmost, alarmsCard, newAlarms } from "./alarms.js";
import { clockBox, duty, identity, phaseBox, severity } from "./bar.js";
import { beginFirst, commandOf, inOrder } from "./commands.js";
import { dialogOf } from "./dialogs.js";
import { logCard, toSpeak } from "./log.js";
import { h } from "./nodes.js";
import { overView } from "./over.js";
import { practiceBar } from "./practice.js";
import { mapCard, ordersCard } from "./seen.js";
import { key, languageButton, openPage, skipTo } from "./shell.js";
import { bothOf, pair, said, span, t, word } from "./speech.js";
import { branchesButton, endButton, isOver, pause, pauseButton, speeds } from "./steering.js";

const open = (name) => (room) => room.change({ dialog: name, filter: "" });

function view(room) {
  const { state } = room;
  if (isOver(state)) return overView(room);
  return [skipTo("alarms", "skip.alarms"),
    h("header", { class: "bar" }, identity(state), clockBox(room), phaseBox(state), severity(state),
      duty(state, h("button", { class: state.duty.state === "due" || state.duty.state === "late" ? "main" : "", disabled: !room.linked, on: { click: () => open("report")(room) } }, t("report.open"), key("R"))), h("div", { class: "bare" }, languageButton(room))),
    room.feed.practice ? practiceBar() : state.seat.steers ? soloBar(room) : null,
    h("main", { class: "desk" }, alarmsCard(room), h("div", { class: "mid" }, mapCard(room, () => open("look")(room)), ordersCard(room)), h("div", { class: "right" }, commandsCard(room), logCard(room))),
    dialogOf(room)];
}
const soloBar = (room) => h("div", { class: "solo row" }, h("b", {}, t("solo")), pauseButton(room), speeds(room), branchesButton(room), h("span", { class: "soft small grow" }, t("solo.note")), endButton(room));
function commandsCard(room) {
  const { state } = room, shown = inOrder(state.commands), looking = state.looking || [], first = shown.find((command) => (command.can || []).includes("begin") || (command.can || []).includes("approve"));
  const canTell = (state.announcements || []).length > 0;
  return h("section", { class: "card fill", "aria-labelledby": "commands" }, h("div", { class: "head" }, h("h2", { id: "commands" }, t("commands")), h("span", { class: "row end" },
    canTell ? h("button", { class: "quiet", disabled: !room.linked, on: { click: () => open("announce")(room) } }, t("announce.open")) : null,
    h("button", { class: "quiet", disabled: !room.linked, on: { click: () => open("look")(room) } }, t("look.open"), key("L")),
    h("button", { class: first ? "" : "main", disabled: !room.linked, on: { click: () => open("propose")(room) } }, t("propose.open"), key("P")))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("commands") }, shown.length || looking.length ? h("ol", {}, looking.map((look) => lookOf(look, state.clock.t)), shown.map((command) => commandOf(room, command, command === first))) : h("p", { class: "soft" }, t("commands.none"))));
}
// A look that somebody here has begun: its answer comes into the log.
const lookOf = (look, now) => h("li", { key: `look ${look.look}`, class: "cmd row between", "data-look": look.look }, h("span", {}, "◔ ", said(look.title)), h("span", { class: "soft small nowrap" }, t("look.answer"), " ", h("b", { class: "num" }, span(look.ends - now))));
// What a polite voice says: new alarms, and commands whose turn has come to this seat.
function newly(before, state) {
  const could = new Map(before.commands.map((command) => [command.id, (command.can || []).join()])), ready = (command) => /begin|approve/.test((command.can || []).join());
  const turned = state.commands.filter((command) => ready(command) && could.get(command.id) !== command.can.join());
  return [...newAlarms(before, state), ...turned.map((command) => word("command.turn", { n: String(command.n), title: bothOf(command.title) }))];
}
const keys = { a: acknowledgeTopmost, p: open("propose"), b: beginFirst, l: open("look"), r: open("report"), "/": toSpeak, "?": open("keys"), k: (room) => room.state.seat.steers && pause(room) };

openPage({ name: "desk", title: "page.desk", view, keys, newly });
