// The bar on top, in the same order on every live page: mark and role, clock and speed, phase, severity minutes, duty to report.
import { clock as instant } from "./drawing/elements.js";
import { byPerson } from "./log.js";
import { h } from "./nodes.js";
import { at, bothOf, exercise, pair, said, span, t } from "./speech.js";

const ownName = ({ people = [], seat }) => people.find((one) => one.seat === seat.name)?.name;
export const identity = (state) => h("div", { class: "who" }, h("span", { class: "row" }, exercise(), " ", h("h1", { class: "bt" }, said(state.drill.title))),
  h("span", { class: "small nowrap" }, said(state.seat.title), ownName(state) ? [" · ", byPerson(ownName(state))] : null, branchMark(state) ? [" ", branchMark(state)] : null));

export function clockBox(room) {
  return h("div", {}, clockFace(room.state), pace(room));
}
export function clockFace({ clock: { t: now } }) {
  const text = instant(Math.floor(now));
  return h("span", { class: "clock num", role: "timer", "aria-live": "off", label: pair("clock.label", { t: text }) }, text);
}
// The clock's second line: shape and word of how time goes.
export function pace(room) {
  const { clock } = room.state, { speed, state, behind } = clock;
  const line = (tone, ...parts) => h("span", { class: `lab ${tone}` }, parts);
  if (!room.linked) return line("warn", "◌ ", t("clock.reconnecting", { t: instant(Math.floor(room.lastSeen)) }));
  if (state === "paused") return line("warn", "‖ ", t("clock.paused"), clock.paused_since ? [" · ", at(clock.paused_since)] : null);
  if (state === "over") return line("", "■ ", t("clock.over"));
  if (state === "lobby") return line("", "○ ", t("clock.lobby"));
  if (behind !== undefined && behind < 0.95) return line("warn", "≈ ", `${behind.toFixed(1)}× `, t("clock.behind"));
  return line("", `▶ ${speed}× `, speed === 1 ? t("clock.life") : t("clock.faster"));
}
// In which branch everybody is, where the room did not go on as it began.
export const branchMark = ({ branch }) => (branch ? h("span", { class: "chip violet" }, "↳ ", t("branch.in", { n: String(branch.n) }), " ", at(branch.t)) : null);
export const phaseLines = ({ clock }) => [h("span", { class: "lab" }, t("phase")), h("b", { class: "fig" }, said(clock.phase?.title ?? clock.phase))];
export const phaseBox = (state) => h("div", {}, phaseLines(state));

export function severity({ severity: { seconds, grades, grade: worst } }) {
  const most = Math.max(30 * 60, ...grades.map((grade) => grade.after));
  const spoken = pair("severity.spoken", { now: span(seconds) }).map((text, i) => `${text} ${grades.map((grade) => `${minutes(grade)} ${bothOf(grade.title)[i]}`).join(", ")}`);
  return h("div", { class: "grow" }, h("span", { class: "row between" }, h("span", { class: "lab" }, t("severity")),
    h("b", { class: "fig num" }, span(seconds), " ", h("span", { class: `small ${worst ? "bad" : "soft"}` }, worst ? ["▲ ", said(worst)] : t("severity.below")))),
    h("div", { class: "sev", role: "img", label: spoken }, h("i", { style: { width: `${Math.min(100, (100 * seconds) / most)}%` } }),
      grades.map((grade, i) => [h("span", { key: `line ${i}`, style: { left: `calc(${(100 * grade.after) / most}% - 2px)` } }),
        h("em", { key: `word ${i}`, class: grade.after / most > 0.8 ? "last" : "", style: { left: grade.after / most > 0.8 ? "auto" : `${(100 * grade.after) / most}%` } }, minutes(grade), " ", said(grade.title))])));
}
const minutes = (grade) => String(Math.round(grade.after / 60));

export function duty({ duty: of, clock }, aside = null) {
  const known = of.known_since !== null && of.known_since !== undefined ? h("span", { class: "lab" }, t("duty.known"), " ", h("b", { class: "num" }, span(clock.t - of.known_since))) : null;
  return h("div", { class: "duty row" }, h("div", {}, h("span", { class: "lab" }, t("duty")), dutyWord(of), of.state === "reported" && of.next_at ? h("span", { class: "lab" }, t("duty.next"), " ", at(of.next_at)) : known), aside);
}
export function dutyWord(of) {
  const by = of.due_at ? [" ", t("duty.by"), " ", at(of.due_at)] : [" ", t("duty.atonce")];
  if (of.state === "due") return h("b", { class: "fig bad" }, "▲ ", t("duty.due"), by);
  if (of.state === "late") return h("b", { class: "fig bad" }, "✕ ", t("duty.late"));
  if (of.state === "reported") return h("b", { class: "fig good" }, "✓ ", t("duty.reported"), " ", of.last_report ? at(of.last_report) : null);
  return h("b", { class: "fig soft" }, "– ", t("duty.none"));
}
