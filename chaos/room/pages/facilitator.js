// The facilitator: the truth, the list of injects, who noticed what, hints. No other page imports this module.
import { clockBox, duty, identity, severity } from "./bar.js";
import { frameOf, ordersCard } from "./desk.js";
import { plain } from "./drawing/elements.js";
import { nameOf, sayForm } from "./log.js";
import { mapOf } from "./map.js";
import { h } from "./nodes.js";
import { key, languageButton, openPage, sizeOf, skipTo } from "./shell.js";
import { at, bothOf, pair, said, span, t } from "./speech.js";

const SPEEDS = [1, 10, 60];
const HEALTH = { healthy: ["✓", "s0"], slow: ["◔", "s1"], saturated: ["■", "s2"], failing: ["✕", "s3"] };
const INJECTS = { armed: ["○", "info"], due: ["◆", "warn"], sent: ["✓", "good"], held: ["‖", ""] };
const STATES = { ready: "●", here: "●", automated: "⟲", nobody: "–", free: "○", away: "◌", writing: "◔" };

function view(room) {
  const { state } = room, { clock, failed, duplicated } = state, paused = clock.state === "paused";
  return [skipTo("msel", "skip.msel"),
    h("header", { class: "bar" }, identity(state), clockBox(room),
      h("div", {}, h("span", { class: "row", role: "group", label: pair("clock") }, clock.state === "lobby" ? h("button", { class: "main", disabled: !room.linked, on: { click: () => room.send({ kind: "start" }) } }, "▶ ", t("start.now")) : h("button", { disabled: !room.linked, on: { click: () => pause(room) } }, paused ? "▶ " : "‖ ", t(paused ? "clock.resume" : "clock.pause"), key("K")),
        SPEEDS.map((speed) => h("button", { key: speed, "aria-pressed": String(clock.speed === speed), disabled: !room.linked, on: { click: () => room.send({ kind: "clock", speed }) } }, `${speed}×`)))),
      severity(state), duty(state), h("div", {}, h("span", { class: "lab" }, t("failed.duplicated")), h("b", { class: "fig bad num" }, `${plain(failed ?? state.orders.failed)} / ${plain(duplicated ?? 0)}`)),
      h("div", { class: "bare row" }, h("button", { disabled: !room.linked, on: { click: () => room.send({ kind: "branch" }) } }, "↳ ", t("branch")), endButton(room), languageButton(room))),
    h("main", { class: "facilitator" }, h("div", { class: "left" }, truthCard(room), noticedCard(room), ordersCard(room)), mselCard(room), h("div", { class: "rightf" }, hintsCard(room), teamCard(room)))];
}
function endButton(room) {
  const sure = room.own.ending;
  return h("button", { class: "stop", disabled: !room.linked, on: { click: () => (sure ? room.send({ kind: "end" }) : null, room.change({ ending: !sure })), blur: () => room.own.ending && room.change({ ending: false }) } }, "■ ", t(sure ? "end.sure" : "end"));
}
const pause = (room) => room.send({ kind: "clock", paused: room.state.clock.state !== "paused" });
function truthCard(room) {
  const { map, truth } = room.state, of = new Map(truth.nodes.map((node) => [node.id, node]));
  const face = (node) => {
    const real = of.get(node.id), [sign, kind] = HEALTH[real?.state] || HEALTH.healthy;
    const lines = [[pair(`health.${real?.state || "healthy"}`).map((word) => `${sign} ${word}`), null, { s0: "tg b", s3: "tb b" }[kind] || "tw b"]];
    if (real?.fault) lines.push([bothOf(real.fault).map((text) => `⚡ ${text}`), null, "tb b"]);
    return { kind, sign: "", lines, bar: Math.max(0, Math.min(1, real?.fullest ?? 0)), ring: Boolean(real?.fault), urgent: kind === "s3" };
  };
  return h("section", { class: "card fill", "aria-labelledby": "truth" }, h("div", { class: "head" }, h("h2", { id: "truth" }, t("truth")), h("span", { class: "chip violet" }, "◉ ", t("truth.only")), h("span", { class: "end soft small" }, t("truth.bar"))),
    h("div", { class: "picture", id: "truth-box" }, mapOf({ nodes: map.nodes, links: map.links, face, name: "truth", shape: frameOf(sizeOf("truth-box", [526, 220])), pick: () => {} })));
}
function noticedCard(room) {
  const { facts = [], rows = [] } = room.state.noticed || {};
  const cell = (what) => (typeof what === "number" ? h("td", { class: "good num nowrap" }, "✓ ", at(what)) : what === false || what === "cannot" ? h("td", { class: "soft" }, "– ", t("noticed.cannot")) : h("td", { class: "bad nowrap" }, "✕ ", t("noticed.notyet")));
  return h("section", { class: "card fill", "aria-labelledby": "noticed" }, h("div", { class: "head" }, h("h2", { id: "noticed" }, t("noticed")), h("span", { class: "end soft small" }, t("noticed.note"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("noticed") }, h("table", { class: "kn" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("noticed.fact")), rows.map((row) => h("th", { scope: "col", key: row.seat }, nameOf(room, row.seat))))),
      h("tbody", {}, facts.map((fact, i) => h("tr", { key: fact.id ?? i }, h("td", {}, said(fact.title), " ", fact.since ? h("span", { class: "soft small num" }, at(fact.since)) : null), rows.map((row) => cell(row.at?.[i]))))))));
}
function mselCard(room) {
  const { msel = [], clock } = room.state, next = msel.filter((one) => one.state === "armed" && one.at > clock.t).sort((a, b) => a.at - b.at)[0];
  return h("section", { class: "card fill", "aria-labelledby": "msel" }, h("div", { class: "head" }, h("h2", { id: "msel", tabindex: -1 }, t("msel")), next ? h("span", { class: "chip warn end" }, "◆ ", t("msel.next"), " ", h("b", { class: "num" }, span(next.at - clock.t))) : null),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("msel") }, h("table", { class: "msel" }, h("thead", {}, h("tr", {}, ["msel.n", "msel.time", "msel.what", "msel.state", "msel.did"].map((name) => h("th", { scope: "col" }, t(name))))), h("tbody", {}, msel.map((one) => injectRow(room, one))))));
}
function injectRow(room, one) {
  const [sign, tone] = INJECTS[one.state], act = (what, main = "") => h("button", { key: what, class: main, disabled: room.waits({ kind: "inject", inject: one.id }), label: pair("msel.act", { act: pair(`msel.${what}`), n: String(one.n), title: bothOf(one.title) }), on: { click: () => room.send({ kind: "inject", inject: one.id, do: what }) } }, t(`msel.${what}`));
  const steer = { armed: () => [act("send"), act("hold")], due: () => [act("send", "main"), act("hold")], held: () => act("release"), sent: () => (one.done_at ? h("span", { class: "good num nowrap" }, "✓ ", at(one.done_at)) : h("span", { class: "warn num nowrap" }, "◆ ", t("msel.open"), one.at ? ` ${span(room.state.clock.t - one.at)}` : "")) }[one.state]();
  const when = one.when ? [" ", h("span", { class: "soft small" }, said(one.when))] : null, kind = bothOf(one.kind).map((word, i) => (pairKnown(`kind.${one.kind}`) ? pair(`kind.${one.kind}`)[i] : word));
  return h("tr", { key: one.id, class: one.state }, h("td", { class: "n soft" }, String(one.n)), h("td", { class: "num" }, one.at === null || one.at === undefined ? "–" : at(one.at), when),
    h("td", {}, h("b", {}, said(one.title)), h("br"), h("span", { class: "soft small" }, said(kind), one.from ? [" · ", nameOf(room, one.from)] : null, one.to ? [" → ", nameOf(room, one.to)] : null, one.expected ? [" · ", t("msel.expected"), ": ", said(one.expected)] : null)),
    h("td", {}, h("span", { class: `chip ${tone}` }, sign, " ", t(`msel.is.${one.state}`))), h("td", { class: "act" }, steer));
}
const KINDS = new Set(["kind.fault", "kind.message", "kind.false_alarm", "kind.absence"]);
const pairKnown = (name) => KINDS.has(name);
function hintsCard(room) {
  const hints = room.state.hints || [], given = hints.filter((hint) => hint.given_at).length;
  return h("section", { class: "card", "aria-labelledby": "hints" }, h("div", { class: "head" }, h("h2", { id: "hints" }, t("hints")), h("span", { class: "end soft small" }, t("hints.given", { n: String(given), of: String(hints.length) }))),
    h("ol", {}, hints.map((hint, i) => h("li", { key: hint.id, class: "cmd row between" }, h("span", {}, h("b", { class: "soft" }, String(i + 1)), " ", said(hint.text ?? hint.title)), hint.given_at ? h("span", { class: "good small nowrap" }, "✓ ", at(hint.given_at)) : h("button", { disabled: room.waits({ kind: "hint", hint: hint.id }), label: pair("hints.give.of", { n: String(i + 1) }), on: { click: () => room.send({ kind: "hint", hint: hint.id }) } }, t("hints.give"))))));
}
function teamCard(room) {
  const { questions = [], people = [], branches = [] } = room.state;
  const answer = (question) => (event) => { event.preventDefault(); room.send({ kind: "answer", request: question.id, text: event.target.elements[0].value }); };
  return h("section", { class: "card fill", "aria-labelledby": "waiting" }, h("div", { class: "head" }, h("h2", { id: "waiting" }, t("questions"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("questions") },
      questions.length ? h("ol", { class: "feed" }, questions.map((question) => h("li", { key: question.id, class: "say" }, at(question.t), h("form", { on: { submit: answer(question) } }, h("b", {}, nameOf(room, question.from)), " ", said(question.text), h("span", { class: "row" }, h("input", { class: "grow", maxlength: 400, label: pair("questions.answer") }), h("button", {}, t("questions.send"))))))) : h("p", { class: "soft" }, t("questions.none")),
      h("h2", { class: "part" }, t("people")), h("ul", { class: "small roles" }, people.map((one) => h("li", { key: one.seat }, h("span", {}, STATES[one.state] || "●", " ", said(one.title), one.person ? ` · ${one.person}` : null), h("b", {}, t(`people.${STATES[one.state] ? one.state : "here"}`))))),
      branches.length ? [h("h2", { class: "part" }, t("branches")), h("ul", { class: "small roles" }, branches.map((one) => h("li", { key: one.id }, h("span", {}, "↳ ", said(one.title)), h("b", { class: "num" }, plain(one.failed ?? 0), " ", t("branches.failed")))))] : null),
    sayForm(room));
}
openPage({ name: "facilitator", title: "page.facilitator", view, keys: { k: pause, "/": () => document.getElementById("say")?.focus() } });
