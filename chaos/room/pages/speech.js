// Two languages: every text of ours is a pair of texts.js, and stands in the page in both, of which the style sheet shows one.
import { clock, plain } from "./drawing/elements.js";
import { language } from "./language.js";
import { h } from "./nodes.js";
import { TEXTS } from "./texts.js";

// The pair of a text, with {name} replaced by parts, each a pair or one text for both.
export function pair(key, parts = {}) {
  return TEXTS[key].map((text, i) => text.replace(/\{(\w+)\}/g, (_, name) => bothOf(parts[name])[i]));
}
// What somebody else says as a pair: {en, zh}, what a person typed, a number, or nothing.
export function bothOf(said) {
  if (said === null || said === undefined) return ["–", "–"];
  if (Array.isArray(said)) return said;
  if (typeof said === "object") return [said.en ?? said.zh ?? "", said.zh ?? said.en ?? ""];
  if (typeof said === "number") return [plain(said), plain(said)];
  return [String(said), String(said)];
}
export function both([en, zh], tag = "span") {
  return en === zh ? h(tag, {}, en) : [h(tag, { "data-lang": "en" }, en), h(tag, { "data-lang": "zh" }, zh)];
}
export const t = (key, parts) => both(pair(key, parts));
export const said = (what) => both(bothOf(what));
export const word = (key, parts) => pair(key, parts)[language() === "zh" ? 1 : 0];

// How long, in seconds, as 1:11 or 1:02:03.
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds)), rest = [Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, "0"));
  return s < 3600 ? `${Math.floor(s / 60)}:${rest[1]}` : `${Math.floor(s / 3600)}:${rest.join(":")}`;
}
// A duration as the state gives it: seconds, or a text.
export const lasting = (what) => (typeof what === "number" ? [span(what), span(what)] : bothOf(what));
export const at = (seconds) => h("time", {}, clock(Math.floor(seconds)));
export const exercise = () => h("span", { class: "exercise" }, t("exercise"));
// A message begins with the word EXERCISE, in its sender's language; a page shows it in its reader's.
export const marked = (text) => (unmarked(text) === text ? `${word("exercise.prefix")}${text}` : text);
export const unmarked = (text) => text.replace(/^\s*(EXERCISE[:.]?|【演练】)\s*/, "");
