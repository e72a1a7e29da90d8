// The approver's phone: one request at a time, the decision at the thumb.
import { boundOf, openAlarms, readingOf } from "./alarms.js";
import { branchMark, dutyWord, pace, severity } from "./bar.js";
import { approver, isEnded, risk, takes, undo } from "./commands.js";
import { byId, clock, plain } from "./drawing/elements.js";
import { byPerson, nameOf, titleOf } from "./log.js";
import { h } from "./nodes.js";
import { overCard } from "./over.js";
import { practiceBar } from "./practice.js";
import { languageButton, openPage, skipTo } from "./shell.js";
import { at, bothOf, exercise, marked, pair, said, span, t, unmarked, word } from "./speech.js";
import { isOver } from "./steering.js";

const REASONS = ["refuse.wait", "refuse.risk", "refuse.look"];
const requests = (state) => state.commands.filter((command) => (command.can || []).includes("approve")).sort((a, b) => a.n - b.n);

function view(room) {
  const { state } = room, waiting = requests(state), asked = waiting[0] || null;
  if (isOver(state)) return [header(room), h("main", { class: "phone" }, overCard(room), decidedCard(room))];
  return [skipTo("ask", "skip.request"), header(room), room.feed.practice ? practiceBar() : null,
    h("main", { class: "phone" }, asked ? askCard(room, asked, waiting.length) : h("section", { class: "card", id: "ask", tabindex: -1 }, h("h1", {}, "✓ ", t("approve.nothing")), h("p", { class: "soft" }, t("approve.nothing.note"))),
      seenCard(room), decidedCard(room)), asked ? footer(room, asked) : null];
}
function header(room) {
  const { state } = room, { duty, clock: now } = state;
  return h("header", { class: "card top" }, h("div", { class: "row between" }, h("span", { class: "row" }, exercise(), " ", h("b", {}, said(state.seat.title)), branchMark(state)), languageButton(room)),
    h("div", { class: "row between" }, h("span", {}, h("span", { class: "clock num", role: "timer", "aria-live": "off" }, clock(Math.floor(now.t))), pace(room)),
      h("span", { class: "end" }, dutyWord(duty), h("span", { class: "small soft" }, t("duty"), duty.known_since ? [" · ", t("duty.known"), " ", span(now.t - duty.known_since)] : null))), severity(state));
}
function askCard(room, asked, n) {
  const { commands, clock: now } = room.state, others = commands.filter((other) => other.id !== asked.id && other.state === "begun");
  return h("section", { key: asked.id, class: "card ask", id: "ask", tabindex: -1, "aria-labelledby": "asked" },
    h("div", { class: "row between" }, h("span", { class: "chip warn" }, "◆ ", t("approve.waits"), " ", h("b", { class: "num" }, span(now.t - asked.times.proposed))), h("span", { class: "soft small num" }, t("approve.request"), ` ${asked.n}`, n > 1 ? [" · ", t("approve.more", { n: String(n - 1) })] : null)),
    h("h1", { id: "asked" }, said(asked.title)), h("p", {}, t("approve.by"), " ", h("b", {}, titleOf(room, asked.by)), " ", at(asked.times.proposed), asked.reason ? [" ", said(asked.reason)] : null),
    h("dl", {}, fact("takes", takes(asked.takes)), fact("risk", risk(asked.risk)), h("div", { class: "whole" }, h("dt", {}, t("undo")), h("dd", {}, undo(asked)))),
    h("ul", { class: "eff" }, (asked.effects || []).map((effect) => h("li", {}, "▲ ", said(effect))), others.map((other) => h("li", { key: other.id }, "◇ ", t("approve.running", { n: String(other.n), title: bothOf(other.title) })))));
}
const fact = (name, value) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value));
function seenCard(room) {
  const { state } = room, open = [...openAlarms(state), ...state.alarms.filter((alarm) => alarm.state === "acknowledged")].slice(0, 4), talk = (state.log || []).filter((row) => row.kind === "said").slice(-1);
  return h("section", { class: "card", "aria-labelledby": "seen" }, h("h2", { id: "seen" }, t("approve.seen")), h("table", {}, h("tbody", {},
    open.map((alarm) => h("tr", { key: alarm.id }, h("td", {}, said(alarm.title)), h("td", { class: "n bad nowrap" }, h("b", {}, "▲ ", readingOf(alarm))), h("td", { class: "n soft nowrap" }, boundOf(alarm)))),
    state.orders ? h("tr", { key: "failed" }, h("td", {}, t("orders.failed")), h("td", { class: "n" }, h("b", {}, plain(state.orders.failed))), h("td")) : null)),
  talk.map((row) => h("p", { class: "small" }, h("b", {}, nameOf(room, row.from)), " ", at(row.t), " ", byPerson(unmarked(bothOf(row.text)[0])))));
}
function decidedCard(room) {
  const { state } = room, decided = state.commands.filter((command) => command.times?.approved || command.times?.refused).sort((a, b) => b.n - a.n);
  const line = (command) => h("li", { key: command.id, class: "row between" }, h("span", {}, h("span", { class: "soft num" }, String(command.n)), " ", said(command.title)), command.times.approved
    ? h("span", { class: "nowrap small good" }, "✓ ", approver(room, command.approver), " ", at(command.times.approved)) : h("span", { class: "nowrap small bad" }, "✕ ", t("step.refused"), " ", at(command.times.refused)));
  return h("section", { class: "card", "aria-labelledby": "decided" }, h("h2", { id: "decided" }, t("approve.decided")), decided.length ? h("ol", { class: "decided" }, decided.map(line)) : h("p", { class: "soft" }, t("approve.none")));
}
function footer(room, asked) {
  const step = room.own.asked === asked.id ? room.own.step || "first" : "first", off = room.waits({ command_id: asked.id });
  const go = (next, focus) => { room.change({ step: next, asked: asked.id }); room.after(() => byId(focus)?.focus()); };
  const decide = (kind, reason) => { room.send({ kind, command_id: asked.id, ...(reason ? { reason } : {}) }); room.change({ step: "first" }); room.after(() => byId("ask")?.focus()); };
  const final = asked.final || asked.risk === "high";
  const say = (event) => {
    event.preventDefault();
    const text = byId("question").value.trim();
    if (text && room.send({ kind: "say", to: "all", text: marked(text) }) !== null) go("first", "yes");
  };
  const button = (id, cls, label, does, sign = "") => h("button", { id, key: id, class: `big ${cls}`, disabled: off, on: { click: does } }, sign, t(label));
  const parts = {
    first: [h("div", { class: "row" }, button("question-open", "", "approve.askback", () => go("ask", "question")), button("no", "stop", "refuse", () => go("third", "why"), "✕ "), button("yes", "main wide", "approve", () => (final ? go("second", "sure") : decide("approve")), "✓ "))],
    second: [h("p", {}, h("b", { id: "sure", tabindex: -1 }, t(asked.final ? "approve.sure.final" : "approve.sure", { title: bothOf(asked.title) }))), h("div", { class: "row" }, button("back", "", "back", () => go("first", "yes")), button("sure-yes", "main wide", "approve.yes", () => decide("approve"), "✓ "))],
    third: [h("p", {}, h("b", { id: "why", tabindex: -1 }, t("refuse.why"))), h("div", { class: "row wrap" }, REASONS.map((name) => button(name, "", name, () => decide("refuse", word(name)))), button("back", "quiet", "back", () => go("first", "no")))],
    ask: [h("form", { class: "row", on: { submit: say } }, h("input", { id: "question", class: "grow big", label: pair("say.text"), hint: pair("say.hint"), maxlength: 400 }), h("button", { class: "big main", disabled: off }, t("say.send"))), button("back", "quiet", "back", () => go("first", "question-open"))],
  };
  return h("footer", {}, h("div", { key: step }, parts[step]));
}
const newly = (before, state) => {
  const known = new Set(requests(before).map((command) => command.id));
  return requests(state).filter((command) => !known.has(command.id)).map((command) => word("approve.new", { title: bothOf(command.title) }));
};
openPage({ name: "approver", title: "page.approver", view, newly, isEnded });
