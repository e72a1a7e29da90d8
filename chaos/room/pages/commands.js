// Commands and their steps: proposed → approved → begun → done. What one takes, risks and whether it can be undone stands there all the time.
import { titleOf } from "./log.js";
import { h } from "./nodes.js";
import { key } from "./shell.js";
import { at, bothOf, both, lasting, pair, said, span, t, word } from "./speech.js";

const STEPS = ["proposed", "approved", "begun", "done"], ENDED = new Set(["done", "failed", "refused", "withdrawn"]);
const RISKS = { low: ["◇", "good"], medium: ["◆", "warn"], high: ["▲", "bad"] };

export const risk = (level) => h("b", { class: `nowrap ${RISKS[level]?.[1] || ""}` }, RISKS[level]?.[0] || "", " ", t(`risk.${level}`));
export const takes = (what) => both(lasting(what));
export const undo = ({ undo: what, final }) => [final ? "✕ " : "", said(what)];
export const approver = (room, who) => (who ? titleOf(room, who) : t("approver.none"));
export const isEnded = (command) => ENDED.has(command.state);
const may = (command, what) => (command.can || []).includes(what);
// Whose turn it is first, then what is under way, then what ended, newest first.
export function inOrder(commands) {
  const rank = (command) => (isEnded(command) ? 3 : may(command, "begin") || may(command, "approve") ? 0 : 1);
  return [...commands].sort((a, b) => rank(a) - rank(b) || b.n - a.n);
}
export function commandOf(room, command, first) {
  const mine = may(command, "begin") || may(command, "approve"), waits = (kind) => room.waits({ kind, command_id: command.id });
  const act = (kind, label, main, letter) => may(command, kind) && h("button", { class: main ? "main" : kind === "refuse" ? "stop" : "", disabled: waits(kind), label: pair("command.act", { act: pair(label), n: String(command.n), title: bothOf(command.title) }),
    on: { click: () => room.send({ kind, command_id: command.id, ...(kind === "refuse" ? { reason: word("command.noreason") } : {}) }) } }, t(label), letter ? key(letter) : null);
  return h("li", { key: command.id, class: `cmd ${mine ? "mine" : ""}`, "data-command": command.id, "data-state": command.state },
    h("div", { class: "row between" }, h("h3", {}, h("span", { class: "num soft" }, String(command.n)), " ", said(command.title)), h("span", { class: "soft small" }, t("approver"), " ", h("b", {}, approver(room, command.approver)))),
    facts(command), track(command, room.state.clock.t),
    command.state === "begun" && typeof command.progress === "number" ? progress(command.progress) : null,
    mine || may(command, "withdraw") ? h("div", { class: "row acts" }, act("approve", "approve", first), act("begin", "begin", first, first ? "B" : null), act("refuse", "refuse"), act("withdraw", "withdraw")) : null);
}
export const facts = (command) => h("p", { class: "facts" }, h("span", {}, t("takes"), " ", h("b", {}, takes(command.takes ?? command.duration))), h("span", {}, t("risk"), " ", risk(command.risk)), h("span", {}, undo(command)));
function progress(part) {
  const percent = Math.round(100 * part);
  return h("div", { class: "prog", role: "progressbar", "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100, label: pair("command.progress", { n: String(percent) }) }, h("i", { style: { width: `${percent}%` } }));
}
function track(command, now) {
  const { state, times = {} } = command, broke = ["refused", "failed", "withdrawn"].includes(state);
  const past = STEPS.filter((step) => times[step] !== undefined && times[step] !== null && !(broke && step === "done")), next = STEPS[past.length], last = Math.max(...past.map((step) => times[step]), 0);
  return h("ol", { class: "track" }, STEPS.map((step) => {
    if (past.includes(step)) return h("li", { key: step, class: "y" }, t(`step.${step}`), at(times[step]));
    if (step !== next) return broke ? h("li", { key: step, class: "none" }) : h("li", { key: step }, t(`step.${step}.later`));
    if (broke) return h("li", { key: step, class: "no" }, t(`step.${state}`), times[state] ? at(times[state]) : null, command.reason ? h("span", { class: "reason" }, said(command.reason)) : null);
    const words = step === "approved" ? "step.toapprove" : step === "begun" ? (may(command, "begin") ? "step.youbegin" : "step.tobegin") : "step.underway";
    return h("li", { key: step, class: "now" }, t(words), h("time", {}, step === "done" ? t("step.since", { t: span(now - last) }) : t("step.waits", { t: span(now - last) })));
  }));
}
export function beginFirst(room) {
  const ready = inOrder(room.state.commands).find((command) => may(command, "begin") && !room.waits({ kind: "begin", command_id: command.id }));
  if (ready) room.send({ kind: "begin", command_id: ready.id });
}
// In one line, for the wall.
export function brief(room, command, now) {
  const { state, times = {} } = command, since = times[state];
  const sign = { proposed: "○", approved: "✓", begun: "◐", done: "✓", failed: "✕", refused: "✕", withdrawn: "–" }[state];
  return h("li", { key: command.id }, h("b", { class: "num" }, String(command.n)), h("span", {}, said(command.title), h("br"), h("span", { class: "soft" }, sign, " ", state === "proposed" ? [t("brief.proposed"), " ", approver(room, command.approver)] : t(`brief.${state}`), since ? ` ${span(now - since)}` : null)));
}
