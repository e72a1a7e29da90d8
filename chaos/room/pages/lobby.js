// The lobby: who takes part, what everybody expects, written before anything is seen, and what is to be learned.
import { byId, clock } from "./drawing/elements.js";
import { dialogOf } from "./dialogs.js";
import { copyLink } from "./links.js";
import { byPerson, presence } from "./log.js";
import { h } from "./nodes.js";
import { addressOf } from "./practice.js";
import { key, languageButton, ownName, openPage, saveName, skipTo } from "./shell.js";
import { exercise, pair, said, t } from "./speech.js";
import { start } from "./steering.js";

const STATES = { ready: ["✓", "good"], automated: ["⟲", ""], nobody: ["–", "soft"], away: ["○", "soft"], here: ["●", ""] };
const LOOKS_ON = new Set(["facilitator", "scribe"]);
const minutesOf = ([from, to], speed) => String(Math.round((to - from) / 60 / (speed || 1)));
const short = (seconds) => clock(Math.floor(seconds)).slice(0, -3);

function view(room) {
  const { drill, clock: now, seat } = room.state, box = (name, value) => h("div", {}, h("span", { class: "lab" }, t(name)), h("b", { class: "num" }, value));
  return [skipTo("expect", "skip.expect"), h("header", { class: "bar" }, h("div", {}, h("span", { class: "row" }, exercise(), " ", h("h1", { class: "bt" }, said(drill.title)))),
    box("lobby.simulated", `${short(drill.window[0])} → ${short(drill.window[1])}`), box("lobby.speed", [`${now.speed || 1}× · `, t("minutes", { n: minutesOf(drill.window, now.speed) })]), box("lobby.what", t("lobby.nothing")), h("div", { class: "bare" }, languageButton(room))),
  h("main", { class: "lobby" }, peopleCard(room), LOOKS_ON.has(seat.name) ? briefingCard(room) : expectCard(room), h("div", { class: "side" }, listCard("objectives", drill.objectives, true), listCard("rules", drill.rules, false), startCard(room))), dialogOf(room)];
}
function peopleCard(room) {
  const { state } = room;
  const row = (one) => {
    const [sign, tone] = STATES[presence(one)] || STATES.here, you = one.seat === state.seat.name, named = you ? nameField(room) : one.name ? h("b", {}, byPerson(one.name)) : null;
    return h("tr", { key: one.seat }, h("td", {}, h("b", {}, said(one.title))), h("td", {}, named), h("td", { class: "e" }, h("span", { class: "row right-end" }, h("span", { class: `${tone} small nowrap` }, sign, " ", t(`people.${STATES[presence(one)] ? presence(one) : "here"}`)), you ? h("span", { class: "chip info" }, t("you")) : null, copyLink(room, one.seat))));
  };
  return h("section", { class: "card fill", "aria-labelledby": "people" }, h("div", { class: "head" }, h("h2", { id: "people" }, t("people")), state.links ? h("span", { class: "soft small end" }, t("link.note")) : null),
    h("div", { class: "scroll", tabindex: 0, role: "group", label: pair("people") }, h("table", {}, h("thead", { class: "hide" }, h("tr", {}, ["people.role", "people.who", "people.state"].map((name) => h("th", { scope: "col" }, t(name))))), h("tbody", {}, state.people.map(row)))),
    h("p", { class: "soft small foot" }, t("people.note")));
}
const nameField = (room) => h("input", { id: "name", label: pair("name"), hint: pair("name.hint"), maxlength: 60, size: 12, autocomplete: "name", value: ownName(), on: { change: (event) => saveName(room, event.target.value.trim()) } });
const briefingCard = ({ state }) => h("section", { class: "card fill", "aria-labelledby": "expect" }, h("h2", { id: "expect", tabindex: -1 }, t("briefing")), h("p", { class: "brief" }, said(state.drill.briefing)), state.seat.name === "facilitator" ? h("ol", { class: "obj" }, ["lobby.do.links", "lobby.do.wait", "lobby.do.start"].map((name, i) => h("li", {}, h("b", {}, String(i + 1)), " ", t(name)))) : null);
// What is typed stays while somebody practises.
const draftOf = (question) => `${new URLSearchParams(location.search).get("token")} ${question}`;
function expectCard(room) {
  const { drill, seat, people } = room.state, questions = drill.questions || [], sealed = people.find((one) => one.seat === seat.name)?.state === "ready";
  const submit = (event) => {
    event.preventDefault();
    const answers = Object.fromEntries(questions.map(({ question }) => [question, byId(`answer-${question}`).value]));
    if (room.send({ kind: "expect", answers }) !== null) room.send({ kind: "ready" });
  };
  const ask = ({ question, text }, i) => h("li", { key: question }, h("label", { for: `answer-${question}` }, h("span", { class: "soft num" }, String(i + 1)), " ", said(text)), h("textarea", { id: `answer-${question}`, rows: 2, maxlength: 1000, on: { input: (event) => sessionStorage.setItem(draftOf(question), event.target.value) } }, sessionStorage.getItem(draftOf(question)) || ""));
  return h("section", { class: "card fill", "aria-labelledby": "briefing" }, h("h2", { id: "briefing" }, t("briefing")), h("p", { class: "brief" }, said(drill.briefing)),
    h("div", { class: "head part" }, h("h2", { id: "expect", tabindex: -1 }, t("expect")), h("span", { class: "chip violet end" }, "◉ ", t("expect.sealed"))),
    h("form", { class: "expect", on: { submit } }, h("ol", { class: "qs scroll" }, questions.map(ask)), h("div", { class: "row between" }, h("span", { class: sealed ? "good small" : "soft small" }, sealed ? ["✓ ", t("expect.saved")] : t("expect.change")), h("button", { class: sealed ? "" : "main", disabled: !room.linked }, "✓ ", t(sealed ? "expect.again" : "expect.seal")))));
}
// Where to practise: who acts has a desk to try, the approver a phone.
const practiceOf = ({ state: { seat } }) => (LOOKS_ON.has(seat.name) ? null : addressOf(seat.name === "approver" ? "approver.html" : "desk.html", true));
const listCard = (name, items = [], numbered = false) => h("section", { class: "card", "aria-labelledby": name }, h("h2", { id: name }, t(name)), h(numbered ? "ol" : "ul", { class: "obj" }, items.map((item, i) => h("li", {}, numbered ? [h("b", {}, String(i + 1)), " "] : null, said(item)))));
function startCard(room) {
  const { people, seat } = room.state, alone = seat.steers && !LOOKS_ON.has(seat.name), playing = people.filter((one) => one.person === "person" && !LOOKS_ON.has(one.seat)), count = (state) => playing.filter((one) => one.state === state).length;
  return h("section", { class: "card fill", "aria-labelledby": "start" }, h("h2", { id: "start" }, t("start")), alone ? null : h("p", {}, h("b", { class: "num big" }, `${count("ready")} / ${playing.length}`), " ", t("people.ready"), count("away") ? [" · ○ ", `${count("away")} `, t("people.away")] : null),
    h("p", { class: "soft small" }, t(seat.steers ? "start.yours" : "start.note")), seat.steers ? start(room) : null,
    h("p", { class: "foot row wrap" }, practiceOf(room) ? h("a", { class: "button", id: "practice", href: practiceOf(room) }, t("practice.try"), key("T")) : null, h("button", { on: { click: () => room.change({ dialog: "keys" }) } }, t("keys.title"), key("?"))));
}
openPage({ name: "lobby", title: "page.lobby", view, keys: { "?": (room) => room.change({ dialog: "keys" }), t: (room) => practiceOf(room) && location.assign(practiceOf(room)) } });
