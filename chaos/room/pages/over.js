// When the exercise is over: what came of it, what to talk about, and the way to the review. Nothing can be done any more but, by whoever
// steers, to go on from an instant.
import { duty, clockBox, identity, phaseBox, severity } from "./bar.js";
import { dialogOf } from "./dialogs.js";
import { plain } from "./drawing/elements.js";
import { logCard } from "./log.js";
import { h } from "./nodes.js";
import { mapCard, ordersCard } from "./seen.js";
import { languageButton, skipTo } from "./shell.js";
import { at, said, span, t } from "./speech.js";
import { branchesButton } from "./steering.js";

export function overView(room, middle = [mapCard(room), ordersCard(room)]) {
  const { state } = room;
  return [skipTo("over", "skip.over"),
    h("header", { class: "bar" }, identity(state), clockBox(room), phaseBox(state), severity(state), duty(state), h("div", { class: "bare" }, languageButton(room))),
    h("main", { class: "over" }, h("div", { class: "scroll" }, overCard(room)), h("div", { class: "mid" }, middle), logCard(room)), dialogOf(room)];
}
export function overCard(room) {
  const { state } = room, { severity: { seconds, grade }, duty: { last_report: reported }, drill: { hot_wash: questions = [] } } = state;
  const fact = (name, ...value) => h("div", {}, h("dt", {}, t(name)), h("dd", { class: "num" }, value));
  return h("section", { class: "card", "aria-labelledby": "over" }, h("h1", { id: "over", tabindex: -1 }, "■ ", t("over.title")), h("p", { class: "soft" }, t("over.note")),
    h("dl", { class: "facts" }, fact("over.at", at(state.clock.t)), fact("over.failed", plain(state.orders.failed)), fact("severity", span(seconds), " ", grade ? said(grade) : t("severity.below")),
      fact("over.done", String(state.commands.filter((command) => command.state === "done").length)), fact("over.report", reported ? at(reported) : t("over.noreport"))),
    h("h2", { class: "part" }, t("review")), h("p", { role: "status" }, reviewLine(state)),
    questions.length ? [h("h2", { class: "part" }, t("over.talk")), h("p", { class: "soft" }, t(!state.seat.steers ? "over.talk.note" : state.seat.name === "facilitator" ? "over.talk.lead" : "over.talk.alone")), h("ol", { class: "obj" }, questions.map((question, i) => h("li", {}, h("b", {}, String(i + 1)), " ", said(question))))] : null,
    state.seat.steers ? [h("h2", { class: "part" }, t("branches")), h("p", { class: "soft" }, t("over.branches")), h("p", {}, branchesButton(room))] : null);
}
// How far the review is, and where it stands once it is ready.
function reviewLine({ review }) {
  const token = new URLSearchParams(location.search).get("token");
  if (review?.state === "ready") return h("a", { class: "button", href: `review/${token}/review.html`, target: "_blank", rel: "noopener" }, t("review.open"));
  if (review?.state === "failed") return ["✕ ", t("review.failed")];
  if (review?.state === "making") return ["◌ ", review.of ? t("review.making.of", { made: String(review.made), of: String(review.of) }) : t("review.making")];
  return t("review.none");
}
