// Steering the exercise: start, stop and go on, speed, and the end. For the facilitator, and for whoever has all seats.
import { h } from "./nodes.js";
import { key } from "./shell.js";
import { pair, t } from "./speech.js";

const SPEEDS = [1, 10, 60];

export const start = (room) => h("button", { class: "main", disabled: !room.linked, on: { click: () => room.send({ kind: "start" }) } }, "▶ ", t("start.now"));
export const pause = (room) => ["running", "paused"].includes(room.state.clock.state) && room.send({ kind: "clock", paused: room.state.clock.state !== "paused" });
export function speeds(room) {
  const { clock } = room.state, off = !room.linked;
  return h("span", { class: "row tight", role: "group", label: pair("lobby.speed") }, SPEEDS.map((speed) =>
    h("button", { key: speed, "aria-pressed": String(clock.speed === speed), disabled: off, on: { click: () => room.send({ kind: "clock", speed }) } }, `${speed}×`)));
}
export function pauseButton(room) {
  const { clock } = room.state, paused = clock.state === "paused";
  return h("button", { class: paused ? "main" : "", disabled: !room.linked, on: { click: () => pause(room) } }, paused ? "▶ " : "‖ ", t(paused ? "clock.resume" : "clock.pause"), key("K"));
}
export const isOver = ({ clock }) => clock.state === "over";
export const branchesButton = (room) => h("button", { id: "branches-open", disabled: !room.linked, on: { click: () => room.change({ dialog: "branches", opened: Math.floor(room.state.clock.t) }) } }, "↳ ", t("branches"));
export function endButton(room) {
  const sure = room.own.ending;
  return h("button", { class: "stop", disabled: !room.linked, on: { click: () => (sure ? room.send({ kind: "end" }) : null, room.change({ ending: !sure })), blur: () => room.own.ending && room.change({ ending: false }) } }, "■ ", t(sure ? "end.sure" : "end"));
}
