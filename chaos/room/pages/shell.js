// What every page of the room does: takes its feed's states, draws once a frame, speaks new alarms, listens to keys.
import { byId } from "./drawing/elements.js";
import { ArrayFeed, SocketFeed } from "./feed.js";
import { language, setLanguage } from "./language.js";
import { h, patch } from "./nodes.js";
import { hatches } from "./orders.js";
import { PracticeFeed, practising } from "./practice.js";
import { bothOf, t, word } from "./speech.js";

const STATES_FILE = /^[a-z0-9-]+\.json$/;
const HOME = { facilitator: "facilitator.html", approver: "approver.html", scribe: "wall.html" };

// A page is { name, view(room) → nodes, keys: {letter: what to do}, newly(before, state) → pairs to speak }. A room has the state, what
// the page remembers (`own`), and what it can do.
const isOver = ({ clock }) => clock.state === "over";
export async function openPage(page) {
  const room = { page, state: null, own: {}, linked: false, lastSeen: null, notice: null, feed: await feedOf() };
  Object.assign(room, {
    send: (message) => sent(room, message),
    change: (own) => { Object.assign(room.own, own); redraw(room); },
    waits: (message) => !room.linked || Boolean(room.feed.waits?.(message)),
    after: (does) => (room.afterwards = does),
  });
  if (location.hash === "#zh" || (!location.hash && navigator.language.startsWith("zh"))) setLanguage("zh");
  addEventListener("keydown", (event) => pressed(room, event));
  new ResizeObserver(() => redraw(room)).observe(document.body);
  globalThis.roomFeed = room.feed;  // a replay is stepped from the console or a test
  room.feed.open(listenerOf(room));
}
// How the person wants to be called, kept for the pages of this tab.
export const ownName = () => sessionStorage.getItem("name") || "";
export function saveName(room, name) {
  sessionStorage.setItem("name", name);
  room.send({ kind: "hello", name, lang: language() });
}
// A replay is a file of states beside the page; all else is a websocket of the same address.
async function feedOf() {
  const asked = new URLSearchParams(location.search), file = asked.get("states");
  if (file && STATES_FILE.test(file)) return new ArrayFeed(await (await fetch(file)).json());
  const address = new URL(`ws?${new URLSearchParams({ token: asked.get("token") || "" })}`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const feed = new SocketFeed(address.href, () => ({ lang: language(), ...(ownName() ? { name: ownName() } : {}) }));
  return practising() ? new PracticeFeed(feed) : feed;
}
function listenerOf(room) {
  return {
    state(state) {
      const before = room.state;
      if (room.feed instanceof SocketFeed && elsewhere(room.page.name, state)) return location.replace(elsewhere(room.page.name, state) + location.search + location.hash);
      Object.assign(room, { state, lastSeen: state.clock.t });
      if (before && (isOver(state) !== isOver(before) || state.branch?.n !== before.branch?.n)) turned(room);
      else for (const text of before ? room.page.newly?.(before, state) || [] : []) speak(text);
      redraw(room);
    },
    link(linked) {
      if (room.linked !== linked && room.state) speak(linked ? word("link.back") : word("link.lost"));
      Object.assign(room, { linked });
      redraw(room);
    },
    refused: (frame) => notify(room, bothOf(frame.message), frame.hint && bothOf(frame.hint)),
    done(message) {
      if (message.kind === room.own.closes) room.own.dialog = null;
      redraw(room);
    },
  };
}
// The exercise has ended, or goes on from an instant: what was open on the page, and what it was about, is gone.
function turned(room) {
  Object.assign(room, { own: {}, notice: null });
  speak(word(isOver(room.state) ? "over.title" : "branch.goes"));
  if (isOver(room.state)) room.after(() => byId("over")?.focus());
}
// Before the start everybody is in the lobby; afterwards each at the own page, and whoever likes at the wall.
function elsewhere(name, { clock, seat }) {
  const home = HOME[seat.name] || "desk.html";
  if (clock.state === "lobby") return name === "lobby" ? null : "lobby.html";
  return name === "lobby" || (name === "facilitator" && seat.name !== "facilitator") ? home : null;
}
function sent(room, message) {
  const id = room.feed.send(message);
  if (id === null) notify(room, [word("link.notsent"), word("link.notsent")]);
  else room.notice = null;
  redraw(room);
  return id;
}
function notify(room, message, hint = null) {
  room.notice = { message, hint };
  speak(message[language() === "zh" ? 1 : 0]);
  redraw(room);
}
export function speak(text) {
  const live = byId("live"), line = document.createElement("p");
  line.textContent = text;
  live.append(line);
  while (live.children.length > 4) live.firstChild.remove();
}
function redraw(room) {
  if (room.drawing || !room.state) return;
  room.drawing = true;
  const once = () => {
    room.drawing = false;
    const { title } = room.page;
    document.title = `${word("exercise")} ${word(title)}`;
    const before = sizes();
    patch(byId("room"), [hatches(), room.page.view(room), noticeOf(room)]);
    room.afterwards?.();
    if (sizes() !== before) redraw(room);  // pictures are drawn for the size of their boxes, which is known once these are there
    room.afterwards = null;
    document.querySelectorAll("[data-newest]").forEach(atNewest);
    document.querySelectorAll("dialog").forEach((dialog) => !dialog.open && dialog.showModal());
  };
  document.hidden ? setTimeout(once, 250) : requestAnimationFrame(once);
}
const sizes = () => [...document.querySelectorAll(".picture")].map((box) => `${box.clientWidth} ${box.clientHeight}`).join();
// A log stays at its newest line, unless somebody scrolled up to read.
function atNewest(box) {
  if (box.roomLength !== box.scrollHeight && (box.roomLength === undefined || box.scrollTop + box.clientHeight >= box.roomLength - 4)) box.scrollTop = box.scrollHeight;
  box.roomLength = box.scrollHeight;
}
function noticeOf(room) {
  if (!room.notice) return null;
  return h("div", { key: "notice", class: "notice", role: "group" }, h("span", {}, h("b", { class: "bad" }, "✕ "), t("notice.refused"), " ", h("b", {}, saidPair(room.notice.message)), room.notice.hint && [" ", saidPair(room.notice.hint)]),
    h("button", { on: { click: () => { room.notice = null; redraw(room); } } }, t("close")));
}
const saidPair = ([en, zh]) => (en === zh ? en : [h("span", { "data-lang": "en" }, en), h("span", { "data-lang": "zh" }, zh)]);
function pressed(room, event) {
  const field = event.target.closest?.("input, select, textarea, dialog");
  if (field || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !room.state) return;
  const act = room.page.keys?.[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || !room.linked || isOver(room.state)) return;
  event.preventDefault();
  act(room);
}
export const languageButton = (room) => h("button", { class: "speak", lang: "mul", on: { click: () => { setLanguage(language() === "zh" ? "en" : "zh"); redraw(room); } } },
  h("span", { "data-lang": "en", lang: "zh-CN" }, "中文"), h("span", { "data-lang": "zh", lang: "en" }, "English"));
export const skipTo = (id, key) => h("a", { class: "skip", href: `#${id}`, on: { click: (event) => { event.preventDefault(); byId(id)?.focus(); } } }, t(key));
export const key = (letter) => h("kbd", { "data-k": letter, "aria-hidden": "true" });
// The size of the box with that id, in px, to draw for; before it is there, a guess.
export function sizeOf(id, guess) {
  const box = byId(id);
  return box && box.clientWidth > 50 && box.clientHeight > 50 ? [box.clientWidth, box.clientHeight] : guess;
}
