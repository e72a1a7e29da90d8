// The lobby: who takes part, what everybody expects, written before anything is seen, and what is to be learned.
import { byId, clock } from "./drawing/elements.js";
import { h } from "./nodes.js";
import { languageButton, openPage, skipTo } from "./shell.js";
import { bothOf, exercise, pair, said, t } from "./speech.js";

const STATES = { ready: ["✓", "good"], writing: ["◔", "warn"], free: ["○", "soft"], automated: ["⟲", ""], nobody: ["–", "soft"], away: ["◌", "warn"], here: ["●", ""] };
const minutesOf = ([from, to], speed) => String(Math.round((to - from) / 60 / (speed || 1)));
const short = (seconds) => clock(Math.floor(seconds)).slice(0, -3);

function view(room) {
  const { drill, clock: now } = room.state, box = (name, value) => h("div", {}, h("span", { class: "lab" }, t(name)), h("b", { class: "num" }, value));
  return [skipTo("expect", "skip.expect"), h("header", { class: "bar" }, h("div", {}, h("span", { class: "row" }, exercise(), " ", h("h1", { class: "bt" }, said(drill.title)))),
    box("lobby.simulated", `${short(drill.window[0])} → ${short(drill.window[1])}`), box("lobby.speed", [`${now.speed || 1}× · `, t("minutes", { n: minutesOf(drill.window, now.speed) })]), box("lobby.what", t("lobby.nothing")), h("div", { class: "bare" }, languageButton(room))),
  h("main", { class: "lobby" }, peopleCard(room), room.state.seat.name === "scribe" ? briefingCard(room) : expectCard(room), h("div", { class: "side" }, listCard("objectives", drill.objectives, true), listCard("rules", drill.rules, false), startCard(room)))];
}
function peopleCard({ state }) {
  const row = (one) => {
    const [sign, tone] = STATES[one.state] || ["●", ""], you = one.seat === state.seat.name;
    return h("tr", { key: one.seat }, h("td", {}, h("b", {}, said(one.title))), h("td", {}, one.person ? h("b", {}, "● ", one.person) : null), h("td", { class: "e" }, you ? h("span", { class: "chip info" }, t("you")) : null, " ", h("span", { class: `${tone} small nowrap` }, sign, " ", t(`people.${STATES[one.state] ? one.state : "here"}`))));
  };
  return h("section", { class: "card fill", "aria-labelledby": "people" }, h("div", { class: "head" }, h("h2", { id: "people" }, t("people"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("people") }, h("table", {}, h("thead", { class: "hide" }, h("tr", {}, ["people.role", "people.who", "people.state"].map((name) => h("th", { scope: "col" }, t(name))))), h("tbody", {}, state.people.map(row)))),
    h("p", { class: "soft small foot" }, t("people.note")));
}
const briefingCard = ({ state }) => h("section", { class: "card fill", "aria-labelledby": "expect" }, h("h2", { id: "expect", tabindex: -1 }, t("briefing")), h("p", {}, said(state.drill.briefing)));
function expectCard(room) {
  const { drill, seat, people } = room.state, questions = drill.questions || [], sealed = people.find((one) => one.seat === seat.name)?.state === "ready";
  const submit = (event) => {
    event.preventDefault();
    const answers = questions.map((_, i) => byId(`answer-${i}`).value);
    if (room.send({ kind: "expect", answers }) !== null) room.send({ kind: "ready" });
  };
  const ask = (question, i) => {
    const figure = Boolean(question.unit), text = bothOf(question.text ?? question.title ?? question), id = `answer-${i}`;
    const field = figure ? h("span", { class: "nowrap" }, h("input", { id, inputmode: "numeric", size: 6, class: "n", maxlength: 9 }), " ", said(question.unit)) : h("textarea", { id, rows: 2, maxlength: 1000, ...(question.hint ? { hint: bothOf(question.hint) } : {}) });
    return h("li", { key: i, class: figure ? "row between" : "" }, h("label", { for: id }, h("span", { class: "soft num" }, String(i + 1)), " ", said(text)), field);
  };
  return h("section", { class: "card fill", "aria-labelledby": "expect" }, h("div", { class: "head" }, h("h2", { id: "expect", tabindex: -1 }, t("expect")), h("span", { class: "chip violet end" }, "◉ ", t("expect.sealed"))), h("p", { class: "soft small" }, said(drill.briefing)),
    h("form", { class: "expect", on: { submit } }, h("ol", { class: "qs scroll" }, questions.map(ask)), h("div", { class: "row between" }, h("span", { class: "soft small" }, sealed ? ["✓ ", t("expect.saved")] : t("expect.change")), h("button", { class: "main", disabled: !room.linked }, "✓ ", t("expect.seal")))));
}
const listCard = (name, items = [], numbered = false) => h("section", { class: "card", "aria-labelledby": name }, h("h2", { id: name }, t(name)), h(numbered ? "ol" : "ul", { class: "obj" }, items.map((item, i) => h("li", {}, numbered ? [h("b", {}, String(i + 1)), " "] : null, said(item.title ?? item)))));
function startCard(room) {
  const { people, seat } = room.state, count = (state) => people.filter((one) => one.state === state).length, taken = people.filter((one) => one.person || one.state === "ready").length;
  return h("section", { class: "card fill", "aria-labelledby": "start" }, h("h2", { id: "start" }, t("start")), h("p", {}, h("b", { class: "num big" }, `${count("ready")} / ${taken}`), " ", t("people.ready"), count("writing") ? [" · ", h("span", { class: "warn" }, "◔ ", `${count("writing")} `, t("people.writing"))] : null, count("free") ? [" · ○ ", `${count("free")} `, t("people.free")] : null),
    h("p", { class: "soft small" }, t("start.note")), seat.name === "facilitator" ? h("button", { class: "main", disabled: !room.linked, on: { click: () => room.send({ kind: "start" }) } }, "▶ ", t("start.now")) : null);
}
openPage({ name: "lobby", title: "page.lobby", view });
