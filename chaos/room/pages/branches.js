// Branches, for whoever steers: to keep the exercise as it stood at an instant, and to go on from there with all seats.
import { byId, clock } from "./drawing/elements.js";
import { h } from "./nodes.js";
import { at, pair, said, t } from "./speech.js";

const INSTANT = "([01]?\\d|2[0-3]):[0-5]\\d:[0-5]\\d";
const secondOf = (text) => text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);

export function branchesForm(room) {
  const { state } = room, over = state.clock.state === "over";
  const keep = (event) => { event.preventDefault(); room.send({ kind: "branch", at: secondOf(byId("branch-at").value.trim()) }); };
  const choose = (second) => { byId("branch-at").value = clock(second); };
  const begun = state.commands.filter((command) => command.times?.begun);
  return [h("form", { class: "row wrap", on: { submit: keep } }, h("label", { for: "branch-at" }, t("branch.at")), h("input", { id: "branch-at", class: "num", size: 9, required: true, pattern: INSTANT, autofocus: true, value: clock(Math.max(Math.ceil(state.drill.window[0]), room.own.opened - 60)) }),
    h("button", { disabled: !room.linked }, t("branch.keep")), over ? null : h("button", { type: "button", disabled: !room.linked, on: { click: () => room.send({ kind: "branch" }) } }, t("branch.now"))),
  begun.length ? h("div", { class: "row wrap", role: "group", label: pair("branch.before") }, h("span", { class: "soft" }, t("branch.before")), begun.map((command) => h("button", { type: "button", key: command.id, class: "quiet", on: { click: () => choose(Math.floor(command.times.begun) - 1) } }, h("span", { class: "num" }, String(command.n)), " ", said(command.title)))) : null,
  h("ol", { class: "list" }, [{ n: 0 }, ...(state.branches || [])].map((branch) => branchRow(room, branch)))];
}
function branchRow(room, branch) {
  const here = (room.state.branch?.n ?? 0) === branch.n, title = pair(branch.n ? "branch.number" : "branch.first", { n: String(branch.n) });
  const go = () => { if (room.send({ kind: "go_on", branch: branch.n }) !== null) room.change({ dialog: null }); };
  return h("li", { key: branch.n, class: "row between" }, h("span", {}, "↳ ", h("b", {}, said(title)), branch.n ? [" ", t("branch.from"), " ", at(branch.t), h("br"), h("code", { class: "small soft" }, `…/${branch.folder}`)] : null),
    here ? h("span", { class: "chip info" }, t("branch.here")) : h("button", { disabled: room.waits({ kind: "go_on" }), label: pair("branch.go.of", { title }), on: { click: go } }, "▶ ", t("branch.go")));
}
