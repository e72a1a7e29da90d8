// The forms of a desk: propose a command, look, report to the regulator, tell customers, and the keys.
import { branchesForm } from "./branches.js";
import { byId } from "./drawing/elements.js";
import { approver, risk, takes, undo } from "./commands.js";
import { h } from "./nodes.js";
import { key } from "./shell.js";
import { bothOf, exercise, marked, pair, said, t } from "./speech.js";

const REPORT_FIELDS = ["text", "impact", "measures"];
const KEYS = [["A", "alarms.ack"], ["P", "propose.open"], ["B", "begin"], ["L", "look.open"], ["R", "report.open"], ["/", "say.text"], ["K", "keys.clock"]];

export function dialogOf(room) {
  const forms = { propose: proposeForm, look: lookForm, report: reportForm, announce: announceForm, keys: keysForm, branches: branchesForm }, name = room.own.dialog;
  if (!name || !forms[name]) return null;
  const close = () => room.change({ dialog: null, filter: "" });
  return h("dialog", { key: `dialog ${name}`, "aria-labelledby": "dialog", on: { close, cancel: close } },
    h("div", { class: "head" }, exercise(), h("h2", { id: "dialog" }, t(`${name}.title`)), h("span", { class: "soft small" }, t(`${name}.note`)), h("button", { class: "end", on: { click: close } }, t("close"), key("Esc"))),
    forms[name](room));
}
function send(room, message) {
  if (room.send(message) !== null) room.change({ dialog: null, filter: "" });
}
const finder = (room) => h("input", { id: "find", type: "search", autofocus: true, label: pair("find"), hint: pair("find.hint"), on: { input: (event) => room.change({ filter: event.target.value }) } });
const finds = (room, what) => bothOf(what).some((text) => text.toLowerCase().includes((room.own.filter || "").trim().toLowerCase()));

function proposeForm(room) {
  const head = ["propose.command", "takes", "risk", "undo", "approver"];
  const row = (offer) => h("tr", { key: offer.command }, h("td", {}, h("b", {}, said(offer.title)), offer.note ? [h("br"), h("span", { class: "soft small" }, said(offer.note))] : null), h("td", {}, takes(offer.duration)), h("td", {}, risk(offer.risk)), h("td", {}, undo(offer)), h("td", {}, approver(room, offer.approver)),
    h("td", {}, h("button", { disabled: !room.linked, label: pair("propose.of", { title: bothOf(offer.title) }), on: { click: () => send(room, { kind: "propose", command: offer.command }) } }, t("propose"))));
  return [finder(room), h("div", { class: "scroll" }, h("table", { class: "offers" }, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, t(name))), h("td"))), h("tbody", {}, (room.state.offers || []).filter((offer) => finds(room, offer.title)).map(row))))];
}
function lookForm(room) {
  const row = (look) => h("li", { key: look.look, class: "row between" }, h("span", {}, h("b", {}, said(look.title)), " ", h("span", { class: "soft" }, t("takes"), " ", takes(look.takes))), h("button", { disabled: !room.linked || (room.state.looking || []).some((other) => other.look === look.look), label: pair("look.of", { title: bothOf(look.title) }), on: { click: () => send(room, { kind: "look", look: look.look }) } }, t("look")));
  return [finder(room), h("div", { class: "scroll" }, h("ul", { class: "list" }, (room.state.looks || []).filter((look) => finds(room, look.title)).map(row)))];
}
// The form of the drill's rule set; without one what happened, who is affected, what is done.
function reportForm(room) {
  const named = room.state.duty.form?.length ? room.state.duty.form : REPORT_FIELDS.map((field) => ({ field, title: null, required: field === "text" }));
  const submit = (event) => {
    event.preventDefault();
    const filled = Object.fromEntries(named.map(({ field }) => [field, field === "text" ? marked(byId(`report-${field}`).value) : byId(`report-${field}`).value]));
    const own = Object.fromEntries(Object.entries(filled).filter(([field]) => REPORT_FIELDS.includes(field)));
    send(room, { kind: "report", ...own, fields: Object.fromEntries(Object.entries(filled).filter(([field]) => !REPORT_FIELDS.includes(field))) });
  };
  return h("form", { class: "fields scroll", on: { submit } }, named.map(({ field, title, required }, i) => [h("label", { for: `report-${field}` }, title ? said(title) : t(`report.${field}`)), h("textarea", { id: `report-${field}`, rows: 2, required, autofocus: i === 0, maxlength: 1000 })]),
    h("button", { class: "main", disabled: !room.linked }, t("report.send")));
}
function announceForm(room) {
  const row = (one) => h("li", { key: one.announcement, class: "row between" }, h("span", {}, h("b", {}, said(one.title)), one.text ? h("p", { class: "soft" }, exercise(), " ", said(one.text)) : null), h("button", { disabled: !room.linked, label: pair("announce.of", { title: bothOf(one.title) }), on: { click: () => send(room, { kind: "announce", announcement: one.announcement }) } }, t("announce")));
  return h("ul", { class: "list scroll" }, (room.state.announcements || []).map(row));
}
const keysForm = () => h("dl", { class: "keylist" }, KEYS.map(([letter, name]) => [h("dt", {}, h("kbd", { "data-k": letter })), h("dd", {}, t(name))]));
