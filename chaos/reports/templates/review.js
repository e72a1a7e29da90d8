// The page of a review: its language, and print.
import { reachSideways } from "./drawing/sideways.js";

const speak = (zh) => { document.documentElement.lang = zh ? "zh-CN" : "en"; };
speak(location.hash ? location.hash === "#zh" : document.documentElement.lang.startsWith("zh"));
document.getElementById("language").addEventListener("click", () => speak(document.documentElement.lang === "en"));
document.getElementById("print").addEventListener("click", () => print());
new ResizeObserver(reachSideways).observe(document.body);
