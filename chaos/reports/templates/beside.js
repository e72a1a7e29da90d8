// Two pages of runs in frames: one instant and one language for both.
import { reachSideways } from "./drawing/sideways.js";

const frames = [...document.querySelectorAll("iframe")].map((frame) => frame.contentWindow);
addEventListener("message", (event) => {
  if (frames.includes(event.source)) frames.filter((frame) => frame !== event.source).forEach((frame) => frame.postMessage(event.data, "*"));
});
const speak = (zh) => {
  document.documentElement.lang = zh ? "zh-CN" : "en";
  frames.forEach((frame) => frame.postMessage({ language: document.documentElement.lang }, "*"));
};
if (location.hash) addEventListener("load", () => speak(location.hash === "#zh"));
document.getElementById("language").addEventListener("click", () => speak(document.documentElement.lang === "en"));
new ResizeObserver(reachSideways).observe(document.body);
