// The facilitator: the truth, the list of injects, who noticed what, hints. No other page imports this module.
import { clockBox, duty, identity, severity } from "./bar.js";
import { dialogOf } from "./dialogs.js";
import { byId, plain } from "./drawing/elements.js";
import { language } from "./language.js";
import { copyLink } from "./links.js";
import { byPerson, presence, sayForm, titleOf, toSpeak } from "./log.js";
import { mapOf, wrapped } from "./map.js";
import { h } from "./nodes.js";
import { overView } from "./over.js";
import { ordersCard } from "./seen.js";
import { key, languageButton, openPage, sizeOf, skipTo } from "./shell.js";
import { at, bothOf, exercise, marked, pair, said, span, t } from "./speech.js";
import { branchesButton, endButton, isOver, pause, pauseButton, speeds } from "./steering.js";

const HEALTH = { healthy: ["✓", "s0"], slow: ["◔", "s1"], saturated: ["■", "s2"], failing: ["✕", "s3"] };
const INJECTS = { armed: ["○", "info"], due: ["◆", "warn"], sent: ["✓", "good"], held: ["‖", ""] };
const STATES = { ready: "✓", here: "●", automated: "⟲", nobody: "–", away: "◌", absent: "◌" };

function view(room) {
  if (isOver(room.state)) return overView(room, [noticedCard(room), mselCard(room)]);
  const { state } = room, { failed } = state;
  return [skipTo("msel", "skip.msel"),
    h("header", { class: "bar" }, identity(state), clockBox(room),
      h("div", { class: "steer" }, h("span", { class: "row tight" }, pauseButton(room), branchesButton(room)), speeds(room)),
      severity(state), duty(state), h("div", {}, h("span", { class: "lab" }, t("orders.failed")), h("b", { class: "fig bad num" }, plain(failed ?? state.orders.failed))),
      h("div", { class: "bare steer" }, endButton(room), languageButton(room))),
    h("main", { class: "facilitator" }, h("div", { class: "left" }, truthCard(room), noticedCard(room), ordersCard(room)), mselCard(room), h("div", { class: "rightf" }, hintsCard(room), teamCard(room))),
    injectDialog(room), dialogOf(room)];
}
function truthCard(room) {
  const { map, truth } = room.state, of = new Map(truth.nodes.map((node) => [node.id, node]));
  const face = (node) => {
    const real = of.get(node.id), [sign, kind] = HEALTH[real?.state] || HEALTH.healthy;
    const lines = [[pair(`health.${real?.state || "healthy"}`).map((word) => `${sign} ${word}`), null, { s0: "tg b", s3: "tb b" }[kind] || "tw b"]];
    if (real?.fault) for (const line of wrapped(`⚡ ${bothOf(titleOfFault(room, real.fault))[language() === "zh" ? 1 : 0]}`)) lines.push([line, null, "tb b"]);
    return { kind, sign: "", lines, bar: Math.max(0, Math.min(1, real?.fullest ?? 0)), ring: Boolean(real?.fault), urgent: kind === "s3" };
  };
  return h("section", { class: "card fill", "aria-labelledby": "truth" }, h("div", { class: "head" }, h("h2", { id: "truth" }, t("truth")), h("span", { class: "chip violet" }, "◉ ", t("truth.only")), h("span", { class: "end soft small" }, t("truth.bar"))),
    h("div", { class: "picture", id: "truth-box" }, mapOf({ nodes: map.nodes, links: map.links, face, name: "truth", shape: sizeOf("truth-box", [526, 220]), pick: () => {} })));
}
const titleOfFault = (room, name) => room.state.msel?.find((one) => one.id === name)?.title ?? name;
function noticedCard(room) {
  const { facts = [], rows = [] } = room.state.noticed || {};
  const row = (one) => h("tr", { key: one.seat }, h("td", {}, titleOf(room, one.seat)), one.at ? h("td", { class: "good num nowrap n" }, "✓ ", at(one.at)) : h("td", { class: "bad nowrap n" }, "✕ ", t("noticed.notyet")));
  return h("section", { class: "card fill", "aria-labelledby": "noticed" }, h("div", { class: "head" }, h("h2", { id: "noticed" }, t("noticed")), h("span", { class: "end soft small" }, t("noticed.note"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("noticed") }, facts.length ? [h("p", {}, facts.map((fact) => h("span", { key: fact.id, class: "chip bad" }, "⚡ ", said(fact.title), " ", at(fact.at)))), h("table", { class: "kn" }, h("tbody", {}, rows.map(row)))] : h("p", { class: "soft" }, t("noticed.nothing"))));
}
function mselCard(room) {
  const { msel = [], clock } = room.state, over = isOver(room.state), next = over ? null : msel.filter((one) => one.state === "armed" && one.at !== null && one.at > clock.t).sort((a, b) => a.at - b.at)[0];
  return h("section", { class: "card fill", "aria-labelledby": "msel" }, h("div", { class: "head" }, h("h2", { id: "msel", tabindex: -1 }, t("msel")), h("span", { class: "row end" }, next ? h("span", { class: "chip warn" }, "◆ ", t("msel.next"), " ", h("b", { class: "num" }, span(next.at - clock.t))) : null, over ? null : h("button", { id: "msel-add", disabled: !room.linked, on: { click: () => room.change({ dialog: "inject" }) } }, t("msel.add")))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("msel") }, h("table", { class: "msel" }, h("thead", {}, h("tr", {}, ["msel.n", "msel.time", "msel.what", "msel.state", "msel.did"].map((name) => h("th", { scope: "col" }, t(name))))), h("tbody", {}, msel.map((one) => injectRow(room, one))))));
}
function injectRow(room, one) {
  const [sign, tone] = INJECTS[one.state], act = (what, main = "") => isOver(room.state) ? null : h("button", { key: what, class: main, disabled: room.waits({ kind: "inject", inject: one.id }), label: pair("msel.act", { act: pair(`msel.${what}`), n: String(one.n), title: bothOf(one.title) }), on: { click: () => room.send({ kind: "inject", inject: one.id, do: what }) } }, t(`msel.${what}`));
  const steer = { armed: () => [act("send"), act("hold")], due: () => [act("send", "main"), act("hold")], held: () => act("release"), sent: () => (one.done_at ? h("span", { class: "good num nowrap" }, "✓ ", at(one.done_at)) : h("span", { class: "warn num nowrap" }, "◆ ", t("msel.open"), "")) }[one.state]();
  const when = one.when ? h("span", { class: "small" }, said(conditionOf(one.when))) : null, kind = bothOf(one.kind).map((word, i) => (pairKnown(`kind.${one.kind}`) ? pair(`kind.${one.kind}`)[i] : word));
  return h("tr", { key: one.id, class: one.state }, h("td", { class: "n soft" }, String(one.n)), h("td", { class: "num" }, one.at !== null && one.at !== undefined ? at(one.at) : when || t("msel.byhand")),
    h("td", {}, h("b", {}, said(one.title)), h("br"), h("span", { class: "soft small" }, said(kind), one.from ? [" · ", titleOf(room, one.from)] : null, one.to?.length ? [" → ", one.to.map((seat, i) => [i ? ", " : "", titleOf(room, seat)])] : null, one.expected ? [" · ", t("msel.expected"), ": ", said(one.expected)] : null)),
    h("td", {}, h("span", { class: `chip ${tone}` }, sign, " ", t(`msel.is.${one.state}`))), h("td", { class: "act" }, steer));
}
// When a conditional inject falls due: what it waits for by its name, and how long after.
function conditionOf({ alarm, command, reached = "done", announcement, counter, after }) {
  const later = after ? ` + ${span(after / 1e9)}` : "", kind = alarm ? "alarm" : command ? "command" : announcement ? "announcement" : "counter";
  return pair(`msel.when.${kind}`, { name: alarm || command || announcement || counter, how: pair(`brief.${reached}`) }).map((text) => text + later);
}
const KINDS = new Set(["kind.fault", "kind.message", "kind.false_alarm", "kind.absence"]);
const pairKnown = (name) => KINDS.has(name);
function hintsCard(room) {
  const hints = room.state.hints || [], given = hints.filter((hint) => hint.given).length;
  return h("section", { class: "card", "aria-labelledby": "hints" }, h("div", { class: "head" }, h("h2", { id: "hints" }, t("hints")), h("span", { class: "end soft small" }, t("hints.given", { n: String(given), of: String(hints.length) }))),
    h("ol", {}, hints.map((hint, i) => h("li", { key: hint.hint, class: "cmd row between" }, h("span", {}, h("b", { class: "soft" }, String(i + 1)), " ", said(hint.text)), hint.given ? h("span", { class: "good small nowrap" }, "✓ ", t("hints.done")) : h("button", { disabled: room.waits({ kind: "hint", hint: hint.hint }), label: pair("hints.give.of", { n: String(i + 1) }), on: { click: () => room.send({ kind: "hint", hint: hint.hint }) } }, t("hints.give"))))));
}
function teamCard(room) {
  const { questions = [], people = [] } = room.state;
  const answer = (question) => (event) => { event.preventDefault(); const text = event.target.elements[0].value.trim(); if (text) room.send({ kind: "answer", look_id: question.id, text }); };
  return h("section", { class: "card fill", "aria-labelledby": "waiting" }, h("div", { class: "head" }, h("h2", { id: "waiting" }, t("questions"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("questions") },
      questions.length ? h("ol", { class: "feed" }, questions.map((question) => h("li", { key: question.id, class: "say" }, h("span", { class: "num soft", label: pair("questions.ends") }, span(question.ends - room.state.clock.t)), h("form", { on: { submit: answer(question) } }, h("b", {}, titleOf(room, question.by)), " ", said(question.title), h("span", { class: "row" }, h("input", { class: "grow", maxlength: 400, label: pair("questions.answer") }), h("button", { disabled: !room.linked }, t("questions.send"))))))) : h("p", { class: "soft" }, t("questions.none")),
      h("h2", { class: "part" }, t("people")), h("ul", { class: "small roles" }, people.map((one) => h("li", { key: one.seat }, h("span", {}, STATES[presence(one)] || "●", " ", said(one.title), one.name ? [" · ", byPerson(one.name)] : null), h("span", { class: "row" }, h("b", {}, t(`people.${STATES[presence(one)] ? presence(one) : "here"}`)), copyLink(room, one.seat)))))),
    sayForm(room));
}
// An inject of the facilitator's own, sent at once or armed for later.
function injectDialog(room) {
  if (room.own.dialog !== "inject") return null;
  const { people, clock, drill } = room.state, close = () => room.change({ dialog: null }), seats = people.filter((one) => one.seat !== "facilitator" && one.person === "person");
  const submit = (event) => {
    event.preventDefault();
    const to = seats.map((one) => one.seat).filter((seat) => byId(`inject-to-${seat}`).checked), minutes = Number(event.submitter?.value || 0);
    const at = minutes ? Math.min(Math.floor(clock.t) + 60 * minutes, drill.window[1]) : null;
    if (room.send({ kind: "compose", sender: byId("inject-sender").value.trim(), to, text: marked(byId("inject-text").value.trim()), at }) !== null) close();
  };
  const field = (name, made) => [h("label", { for: `inject-${name}` }, t(`inject.${name}`)), made];
  return h("dialog", { key: "dialog inject", "aria-labelledby": "dialog", on: { close, cancel: close } },
    h("div", { class: "head" }, exercise(), h("h2", { id: "dialog" }, t("inject.title")), h("span", { class: "soft small" }, t("inject.note")), h("button", { class: "end", on: { click: close } }, t("close"), key("Esc"))),
    h("form", { class: "fields", on: { submit } }, field("sender", h("input", { id: "inject-sender", required: true, maxlength: 60, autofocus: true })), field("text", h("textarea", { id: "inject-text", rows: 3, required: true, maxlength: 1000 })),
      h("fieldset", { class: "row wrap" }, h("legend", {}, t("inject.to")), seats.map((one) => h("label", { key: one.seat, class: "row tick" }, h("input", { type: "checkbox", id: `inject-to-${one.seat}` }), said(one.title)))),
      h("div", { class: "row" }, h("button", { class: "main", disabled: !room.linked }, t("inject.send")), [2, 5, 10].map((n) => h("button", { key: n, value: n, disabled: !room.linked }, t("inject.arm", { n: String(n) }))))));
}
openPage({ name: "facilitator", title: "page.facilitator", view, keys: { k: pause, "/": toSpeak } });
