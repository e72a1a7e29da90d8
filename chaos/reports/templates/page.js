// The page of a run: one instant, chosen by scrubber, keys, play or a click, moves the topology and every chart together.
// Names come from untrusted files: they reach the page as text (textContent, setAttribute, escape), never as markup.
import { byId, clock, colour, draw, escape, make, plain } from "./drawing/elements.js";
import { arrowHead, fitted, linkPath } from "./drawing/diagram.js";
import { reachSideways } from "./drawing/sideways.js";
import { orderHops } from "./hops.js";

const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;
const SPEED_DEFAULT = 60, SERIES_COLOURS = 6;  // --series-0 to --series-5 of page.css
const MAP_SCALE_MIN = 0.76;  // the map's smallest text, 12 px, is 9 px at least
const now = { t: data.start, playing: false, speed: SPEED_DEFAULT, range: data.focus.slice() };
const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");
const word = (key) => words[key][language() === "zh" ? 1 : 0];
const named = (said) => said[language()];
const bin = (t) => Math.max(0, Math.min(data.count - 1, Math.floor((t - data.start) / data.step)));
const time = (i) => data.start + i * data.step;
const onChange = [];

// --- the instant ------------------------------------------------------------------------------------------------------
function go(t) {
  now.t = Math.max(now.range[0], Math.min(now.range[1] - data.step, t));
  onChange.forEach((update) => update());
}
function play(on) {
  now.playing = on;
  if (on && now.t >= now.range[1] - data.step) go(now.range[0]);
  byId("play").textContent = (on ? "❚❚ " : "▶ ") + word(on ? "player.pause" : "player.play");
  byId("play").setAttribute("aria-pressed", String(on));
  if (!on) return;
  let last = performance.now();
  requestAnimationFrame(function frame(at) {
    if (!now.playing) return;
    go(now.t + ((at - last) / 1000) * now.speed);
    last = at;
    if (now.t >= now.range[1] - data.step) play(false);
    else requestAnimationFrame(frame);
  });
}
function share(t) {
  return (t - now.range[0]) / (now.range[1] - now.range[0]);
}

// --- topology ---------------------------------------------------------------------------------------------------------
function topology() {
  const picture = byId("topology");
  if (!picture) return;
  picture.setAttribute("viewBox", `0 0 ${data.size[0]} ${data.size[1]}`);
  picture.style.minWidth = `${Math.ceil(data.size[0] * MAP_SCALE_MIN)}px`;
  picture.replaceChildren();
  const arrow = draw("defs", {}, picture);
  for (const kind of ["calm", "lit"]) {
    arrowHead(`head-${kind}`, colour(kind === "lit" ? "failing" : "line"), arrow);
  }
  const edges = data.edges.map(edgeOf.bind(null, picture)).filter(Boolean);
  const nodes = data.nodes.filter((node) => data.boxes[node.id]).map(nodeOf.bind(null, picture));
  const flags = data.flags.map(flagOf.bind(null, picture));
  return () => {
    const i = bin(now.t);
    edges.forEach((update) => update(i));
    nodes.forEach((update) => update(i));
    flags.forEach((update) => update());
  };
}
// The fault stands on the map at every instant: to come (dashed), in force (full), cleared (outline).
function flagOf(picture, [x, y, width, node, name, begin, end]) {
  const [boxX, boxY, boxWidth] = data.boxes[node], within = (value, low, high) => Math.min(Math.max(value, low), high);
  const group = draw("g", { class: "flag", role: "img", transform: `translate(${x} ${y})` }, picture);
  const to = [within(boxX, x, x + width), within(boxY, y, y + 36)];
  const from = [within(to[0], boxX - boxWidth / 2, boxX + boxWidth / 2), within(to[1], boxY - data.height / 2, boxY + data.height / 2)];
  draw("path", { d: `M${from[0] - x} ${from[1] - y}L${to[0] - x} ${to[1] - y}` }, group);
  draw("rect", { width, height: 36, rx: 5 }, group);
  const say = draw("text", { x: 8, y: 15, class: "b" }, group);
  draw("text", { x: 8, y: 30 }, group, `${clock(begin)}–${clock(end)}`);
  return () => {
    const state = now.t < begin ? "coming" : now.t < end ? "on" : "off";
    group.setAttribute("class", `flag ${state}`);
    say.textContent = `▲ ${fitted(`${word(`flag.${state}`)} ${named(name)}`, width)}`;
    group.setAttribute("aria-label", `${word(`flag.${state}`)} ${named(name)} ${clock(begin)}–${clock(end)}`);
  };
}
function edgeOf(picture, edge) {
  const [a, b] = [data.boxes[edge.from], data.boxes[edge.to]];
  if (!a || !b) return null;
  const line = draw("path", { d: linkPath([...a, data.height], [...b, data.height], 4), class: "edge", "marker-end": "url(#head-calm)" }, picture);
  line.dataset.edge = `${edge.from} ${edge.to}`;
  const title = draw("title", {}, line);
  return (i) => {
    const level = Number(edge.level[i]);
    line.setAttribute("class", level ? "edge lit" : "edge");
    line.setAttribute("marker-end", level ? "url(#head-lit)" : "url(#head-calm)");
    line.style.strokeWidth = level ? 1.5 + level / 3 : "";
    title.textContent = `${edge.from} → ${edge.to}` + (level ? `: ≤ ${Math.round((level / 9) * 100)} %` : "");
  };
}
function nodeOf(picture, node) {
  const [x, y, width] = data.boxes[node.id], height = data.height;
  const group = draw("g", { class: "node s0", tabindex: 0, role: "img", transform: `translate(${x - width / 2} ${y - height / 2})` }, picture);
  group.dataset.node = node.id;
  const title = draw("title", {}, group);
  draw("rect", { class: "box", width, height, rx: 7 }, group);
  const label = fitted(named(node.name), width);
  draw("text", { x: width / 2, y: 17, "text-anchor": "middle" }, group, label);
  const say = draw("text", { class: "say", x: width / 2, y: 31, "text-anchor": "middle" }, group);
  const rail = railOf(group, node, width, height);
  return (i) => {
    const state = Number(node.state[i]), some = node.replicas > 1 && node.serving[i] < node.replicas;
    group.setAttribute("class", `node s${state}`);
    say.textContent = `${data.glyphs[state]} ${named(data.states[state])}` + (some ? ` ${node.serving[i]}/${node.replicas}` : "");
    rail(i);
    title.textContent = describe(node, i) + (named(node.about) ? `\n${named(node.about)}` : "");
    group.setAttribute("aria-label", describe(node, i));
  };
}
// The fullest pool: slot by slot where there are few, else as a bar.
function railOf(group, node, width, height) {
  if (!node.pools.length) return () => {};
  const SLOTS_MAX = 32, room = width - 16, row = draw("g", {}, group);
  let drawn = null;
  return (i) => {
    const slots = node.slots[node.pool[i]], cells = slots > 1 && slots <= SLOTS_MAX ? slots : 1;
    if (drawn !== cells) {
      row.replaceChildren();
      for (let k = 0; k < cells; k++) draw("rect", { class: "rail", x: 8 + (k * room) / cells, y: height - 10, width: room / cells - (cells > 1 ? 1 : 0), height: 6 }, row);
      if (cells === 1) draw("rect", { class: "fill", x: 8, y: height - 10, width: 0, height: 6 }, row);
      drawn = cells;
    }
    if (cells === 1) row.lastChild.setAttribute("width", (room * node.fill[i]) / 100);
    else [...row.children].forEach((cell, k) => cell.setAttribute("class", k < Math.round((cells * node.fill[i]) / 100) ? "fill" : "rail"));
  };
}
function describe(node, i) {
  const pool = node.pools.length ? `, ${named(node.pools[node.pool[i]])} ${node.fill[i]} %` : "";
  return `${named(node.name)}: ${named(data.states[Number(node.state[i])])}${pool}`;
}
function caption() {
  const active = data.bands.filter((b) => b[2] <= now.t && now.t < b[3] && b[0] !== "alarm");
  const recent = data.events.filter((e) => e[0] <= now.t && e[1] !== "day" && e[2].en !== "customers ring").slice(-2);
  const first = [clock(Math.floor(now.t)), ...active.map((b) => (b[0] === "fault" ? `${word("band.fault")}: ${named(b[4])}` : named(b[4])))];
  const box = byId("caption");
  box.replaceChildren(make("b", {}, first.join(" · ")));
  for (const e of recent) make("div", { class: "soft" }, `${clock(e[0])} ${named(e[2])} ${named(e[3])} ${named(e[4])}`, box);
  box.setAttribute("aria-live", now.playing ? "off" : "polite");
}
function nowTable() {
  const details = byId("now-table");
  if (!details.open) return;
  const i = bin(now.t), head = ["service", "state", "fill", "serving"].map((k) => word(`topology.${k}`));
  const rows = data.nodes.filter((n) => n.replicas).map((n) => [named(n.name), named(data.states[Number(n.state[i])]),
    n.pools.length ? `${named(n.pools[n.pool[i]])} ${n.fill[i]} %` : "–", `${n.serving[i]} / ${n.replicas}`]);
  fillTable(details.querySelector("div"), head, rows);
}
function fillTable(box, head, rows) {
  const table = make("table");
  const top = make("tr", {}, null, make("thead", {}, null, table));
  head.forEach((text) => make("th", { scope: "col" }, text, top));
  const body = make("tbody", {}, null, table);
  for (const row of rows) {
    const line = make("tr", {}, null, body);
    row.forEach((text, i) => make(i ? "td" : "th", i ? { class: "n" } : { scope: "row" }, text, line));
  }
  box.replaceChildren(table);
}

// --- charts -----------------------------------------------------------------------------------------------------------
const charts = {};
const STRIPS = { fault: 2, alarm: 8, people: 14 };
function marksOf() {
  const area = [];
  for (const [lane, key, from, to] of data.bands) {
    const style = { color: colour(key), opacity: lane === "impaired" ? 0.1 : 0.95 };
    const [a, b] = [Math.max(from, now.range[0]), Math.min(to, now.range[1])];
    if (b <= a) continue;
    const rows = lane === "impaired" ? [{}, {}] : [{ y: STRIPS[lane] }, { y: STRIPS[lane] + 4 }];
    area.push([{ xAxis: a, itemStyle: style, ...rows[0] }, { xAxis: b, ...rows[1] }]);
  }
  const lines = data.marks.filter(([t]) => t >= now.range[0] && t <= now.range[1]).map(([t]) => ({ xAxis: t }));
  return {
    markArea: { silent: true, data: area },
    markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: colour("soft"), type: "dashed", width: 1, opacity: 0.6 }, data: lines },
  };
}
function hours() {
  const [a, b] = now.range, every = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400].find((s) => (b - a) / s <= 9) || 864000;
  return Array.from({ length: 12 }, (_, i) => (Math.ceil(a / every) + i) * every).filter((t) => t <= b);
}
function frameOf(yAxis, formatter) {
  const text = colour("soft"), line = colour("line"), times = hours();
  return {
    animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, grid: { left: 58, right: 18, top: 26, bottom: 50 },
    legend: { bottom: 0, left: 50, right: 10, type: "scroll", itemWidth: 14, itemHeight: 9, textStyle: { color: text } },
    tooltip: { trigger: "axis", confine: true, backgroundColor: colour("card"), borderColor: line, textStyle: { color: colour("ink"), fontSize: 12 }, formatter },
    xAxis: { type: "value", min: now.range[0], max: now.range[1], axisLine: { lineStyle: { color: line } }, splitLine: { show: false },
      axisTick: { customValues: times }, axisLabel: { color: text, formatter: (t) => clock(t).slice(0, -3), customValues: times } },
    yAxis: { axisLabel: { color: text }, splitLine: { lineStyle: { color: line, opacity: 0.6 } }, ...yAxis },
  };
}
function exact(chart, value) {
  const digits = chart.digits ? { minimumSignificantDigits: chart.digits, maximumSignificantDigits: chart.digits } : {};
  return value.toLocaleString("en", digits) + named(chart.unit);
}
function tooltip(chart) {
  return (points) => {
    const rows = points.filter((p) => p.value[1] !== null).map((p) => `${p.marker}${escape(p.seriesName)} <b>${escape(exact(chart, p.value[1]))}</b>`);
    return [`<b>${escape(clock(points[0].value[0]))}</b>`, ...rows].join("<br>");
  };
}
const inRange = ([t]) => t >= now.range[0] - data.step && t <= now.range[1];  // so that the axis fits what is seen
const points = (values) => values.map((v, i) => [time(i), v]).filter(inRange);
function chosen({ chart, series }) {
  const choice = Number(byId(`choice-${chart.name}`)?.value || 0);
  return series.filter((one) => one.choice === null || one.choice === choice);
}
function lineOf(chart, one, i) {
  const values = chart.log ? one.values.map((v) => v || null) : one.values;  // a logarithmic axis has no 0
  const line = { name: named(one.name), type: "line", symbol: "none", color: colour(one.colour || `series-${i % SERIES_COLOURS}`), data: points(values) };
  if (chart.stacked) return { ...line, step: "end", stack: "all", lineStyle: { width: 0 }, areaStyle: { opacity: 0.85 } };
  return { ...line, lineStyle: { width: chart.line_width, type: i > 2 ? "dashed" : "solid" } };
}
function axisOf(chart) {
  const axisLabel = { color: colour("soft"), formatter: (value) => plain(value) + named(chart.unit) };
  return { type: chart.log ? "log" : "value", min: chart.least, max: chart.most, axisLabel };
}
function drawChart(shown) {
  const { chart } = shown, series = chosen(shown), box = byId(`chart-${chart.name}`);
  const lines = series.map((one, i) => lineOf(chart, one, i));
  if (lines.length) Object.assign(lines[0], marksOf());
  charts[chart.name] ||= echarts.init(box, null, { renderer: "svg" });
  charts[chart.name].setOption({ ...frameOf(axisOf(chart), tooltip(chart)), series: lines }, true);
  box.setAttribute("aria-label", `${named(chart.title)}: ${series.map((one) => named(one.name)).join(", ")}`);
  const details = tableOf(chart);
  if (details.open) chartTable(details, chart, series);
}
const tableOf = (chart) => document.querySelector(`details[data-chart="${chart.name}"]`);
function chartTable(details, chart, series) {
  const [a, b] = [bin(now.range[0]), bin(now.range[1] - 1) + 1], every = Math.max(1, Math.ceil((b - a) / 60)), rows = [];
  for (let i = a; i < b; i += every) {
    const cells = series.map((s) => {
      const part = s.values.slice(i, Math.min(b, i + every)).filter((v) => v !== null);
      return part.length ? plain(chart.stacked ? part.reduce((x, y) => x + y, 0) : Math.max(...part)) : "–";
    });
    rows.push([clock(time(i)), ...cells]);
  }
  fillTable(details.querySelector("div"), [word("chart.time"), ...series.map((s) => named(s.name))], rows);
}
function cursors() {
  for (const [key, chart] of Object.entries(charts)) {
    const x = chart.convertToPixel({ xAxisIndex: 0 }, now.t);
    const line = byId(`chart-${key}`).nextElementSibling;
    line.style.left = `${(100 * x) / chart.getWidth()}%`;
    line.dataset.t = String(bin(now.t));
  }
  document.querySelectorAll(".over .cursor").forEach((line) => (line.style.left = `${100 * share(now.t)}%`));
}

// --- strips: the heatmap and the lanes above the scrubber -----------------------------------------------------------------
function strip(parent, label, length, segments, from, about) {
  make("span", { class: "label" }, label, parent);
  const row = draw("svg", { preserveAspectRatio: "none", role: "img", "aria-label": about, viewBox: `0 0 ${length} 1` }, parent);
  for (const [a, b, kind, fill, opacity] of segments) {
    draw("rect", { x: Math.max(0, a - from), y: 0, width: Math.max(0, b - Math.max(a, from)), height: 1, ...(kind ? { class: kind } : { fill, opacity }) }, row);
  }
  row.addEventListener("click", (event) => {
    const place = row.getBoundingClientRect();
    go(now.range[0] + ((event.clientX - place.left) / place.width) * (now.range[1] - now.range[0]));
  });
}
function overlay(parent, rows) {
  make("span", {}, "", parent);
  const over = make("div", { class: "over" }, null, parent);
  make("div", { class: "cursor", style: `height:${rows}px;top:0` }, null, over);
}
function heat() {
  const box = byId("heat"), [a, b] = now.range, shown = data.nodes.filter((n) => n.replicas);
  if (!box) return;
  box.replaceChildren();
  overlay(box, shown.length * 21);
  for (const node of shown) {
    const runs = stretches(node.state);
    const about = runs.filter((r) => r[2]).map((r) => `${named(data.states[r[2]])} ${clock(time(r[0]))}–${clock(time(r[1]))}`).slice(0, 12).join(", ");
    const segments = runs.map(([i, j, s]) => [time(i), time(j), `r${s}`]).filter(([x, y]) => y > a && x < b);
    strip(box, named(node.name), b - a, segments, a, `${named(node.name)}: ${about || named(data.states[0])}`);
  }
  ticks(box);
}
function stretches(text) {
  const found = [];
  for (let i = 0; i < text.length; i++) {
    if (i && text[i] === text[i - 1]) found[found.length - 1][1] = i + 1;
    else found.push([i, i + 1, Number(text[i])]);
  }
  return found;
}
function ticks(parent) {
  make("span", {}, "", parent);
  const row = make("div", { class: "ticks" }, null, parent);
  for (const t of hours()) {
    if (share(t) > 0.02 && share(t) < 0.98) make("span", { style: `left:${100 * share(t)}%` }, clock(t).slice(0, -3), row);
  }
}
function lanes() {
  const box = byId("lanes"), [a, b] = now.range;
  box.replaceChildren();
  overlay(box, 62);
  failedLane(box, a, b);
  for (const lane of ["fault", "impaired", "alarm", "people"]) {
    const mine = data.bands.filter((band) => band[0] === lane && band[3] > a && band[2] < b);
    const about = mine.map((band) => `${named(band[4])} ${clock(band[2])}–${clock(band[3])}`).join(", ") || "–";
    strip(box, word(`lane.${lane}`), b - a, mine.map((band) => [band[2], band[3], null, colour(band[1]), lane === "impaired" ? 0.7 : 1]), a, `${word(`lane.${lane}`)}: ${about}`);
  }
}

function failedLane(box, a, b) {
  const first = bin(a), counts = data.failed.slice(first, bin(b - 1) + 1), most = Math.max(1, ...counts);
  const total = counts.reduce((sum, n) => sum + n, 0), said = `${word("lane.failed")}: ${plain(total)}`;
  make("span", { class: "label" }, word("lane.failed"), box);
  const row = draw("svg", { preserveAspectRatio: "none", role: "img", "aria-label": said, class: "bars", viewBox: `0 0 ${b - a} ${most}` }, box);
  counts.forEach((n, k) => n && draw("rect", { x: Math.max(0, time(first + k) - a), y: most - n, width: data.step, height: n }, row));
}

// --- events -------------------------------------------------------------------------------------------------------------
function events() {
  const box = byId("events"), body = box.querySelector("tbody"), groups = byId("groups");
  if (!groups.children.length) {
    for (const group of ["fault", "alarm", "people", "recovery", "day"]) {
      const label = make("label", {}, null, groups);
      const tick = make("input", { type: "checkbox", value: group }, null, label);
      tick.checked = group !== "day";
      tick.addEventListener("change", events);
      make("span", {}, "", label);
    }
  }
  const wanted = new Set();
  for (const label of groups.children) {
    label.lastChild.textContent = ` ${word(`events.${label.firstChild.value}`)}`;
    if (label.firstChild.checked) wanted.add(label.firstChild.value);
  }
  if (!box.open) return;
  const shown = data.events.filter((e) => wanted.has(e[1]));
  const more = data.events_left_out ? `, ${word("events.more").replace("{n}", plain(data.events_left_out))}` : "";
  byId("events-note").textContent = word("events.note").replace("{n}", plain(shown.length)) + more;
  body.replaceChildren();
  for (const e of shown) {
    const row = make("tr", {}, null, body);
    make("button", { type: "button", class: "jump", "data-t": e[0] }, clock(e[0]), make("td", {}, null, row));
    [e[2], e[3], e[4]].forEach((said) => make("td", {}, named(said), row));
  }
}

// --- what reacts --------------------------------------------------------------------------------------------------------
let updateTopology = null;
const showOrders = orderHops({ orders: data.orders, said: word, named, go: leap });
function player() {
  const scrub = byId("scrub"), i = bin(now.t);
  if (Number(scrub.value) !== Math.floor(now.t)) scrub.value = Math.floor(now.t);
  const text = clock(Math.floor(now.t));
  scrub.setAttribute("aria-valuetext", text);
  byId("clock").textContent = text;
  document.body.dataset.bin = String(i);
}
function chainNow() {
  document.querySelectorAll("#chain .cause").forEach((box) => box.classList.toggle("ahead", Number(box.dataset.t) > now.t));
}
function rangeChanged() {
  const scrub = byId("scrub");
  Object.assign(scrub, { min: now.range[0], max: now.range[1] - data.step, step: 1 });
  data.charts.forEach(drawChart); heat(); lanes(); go(now.t);
}
function speak() {
  for (const [id, key] of [["scrub", "player.scrub"], ["player", "section.replay"], ["topology", "section.replay"]]) byId(id)?.setAttribute("aria-label", word(key));
  const zoom = byId("zoom").options;
  zoom[0].textContent = word("player.zoom.incident");
  zoom[1].textContent = word("player.zoom.all");
  data.charts.forEach(speakChoices);
  updateTopology = topology();
  play(now.playing && false);
  rangeChanged(); events(); showOrders();
}
function speakChoices({ chart, choices }) {
  const select = byId(`choice-${chart.name}`), before = select?.value || "0";
  select?.replaceChildren(...choices.map((said, i) => make("option", { value: i }, named(said))));
  if (choices.length) select.value = before;
}
function keys(event) {
  const at = event.target, types = at.tagName === "SELECT" || (at.tagName === "INPUT" && at.type !== "range");
  if (types || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = event.shiftKey ? 60 : data.step;
  const moves = { ArrowLeft: () => go(now.t - step), ArrowRight: () => go(now.t + step), Home: () => go(now.range[0]), End: () => go(now.range[1]) };
  if ((event.key === " " || event.key === "Enter") && at.classList.contains("jump") && at.tagName !== "BUTTON") jump(event);
  else if (event.key === " " && at.tagName !== "BUTTON" && at.tagName !== "SUMMARY") play(!now.playing);
  else if (moves[event.key]) moves[event.key]();
  else return;
  event.preventDefault();
}
function jump(event) {
  const button = event.target.closest(".jump");
  if (!button) return;
  play(false);
  leap(Number(button.dataset.t));
}
// To an instant, which may lie outside the stretch shown.
function leap(t) {
  if (t < now.range[0] || t >= now.range[1]) {
    byId("zoom").value = "all";
    now.range = [data.start, data.start + data.count * data.step];
    rangeChanged();
  }
  go(t);
}

// Paper is light whatever the screen is, and as wide as it is: what is drawn in colours and sizes of the screen is drawn again.
const PAPER = { width: 700, height: 230 };
function paper(on) {
  const root = document.documentElement;
  if (on === ("paper" in root.dataset)) return;
  if (on) root.dataset.paper = "";
  else delete root.dataset.paper;
  speak();
  const fit = () => { Object.values(charts).forEach(fitChart.bind(null, on)); cursors(); };
  fit();
  if (!on) requestAnimationFrame(fit); // by then the page is as wide again as the screen
}
function fitChart(on, chart) {
  chart.resize(on ? PAPER : { width: "auto", height: "auto" });
  if (on) chart.getDom().querySelector("svg").setAttribute("viewBox", `0 0 ${PAPER.width} ${PAPER.height}`);
}

// In a frame beside another run: one instant and one language for both. What comes from outside is not sent on.
function besideAnother() {
  let heard = false;
  byId("zoom").value = "all"; // both over the whole window: their outages are of different lengths
  now.range = [data.start, data.start + data.count * data.step];
  rangeChanged();
  onChange.push(() => { if (!heard) parent.postMessage({ t: now.t }, "*"); });
  addEventListener("message", (event) => {
    if (event.source !== parent) return;
    heard = true;
    if (Number.isFinite(event.data?.t)) go(event.data.t);
    if (["en", "zh-CN"].includes(event.data?.language)) { document.documentElement.lang = event.data.language; speak(); }
    heard = false;
  });
}

onChange.push(player, () => updateTopology && updateTopology(), cursors, caption, nowTable, chainNow);
byId("play").addEventListener("click", () => play(!now.playing));
byId("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
byId("speed").addEventListener("change", (event) => (now.speed = Number(event.target.value)));
byId("zoom").addEventListener("change", (event) => {
  now.range = event.target.value === "all" ? [data.start, data.start + data.count * data.step] : data.focus.slice();
  rangeChanged();
});
for (const shown of data.charts) {
  byId(`choice-${shown.chart.name}`)?.addEventListener("change", () => { drawChart(shown); cursors(); });
  tableOf(shown.chart).addEventListener("toggle", () => drawChart(shown));
}
byId("language").addEventListener("click", () => { document.documentElement.lang = language() === "zh" ? "en" : "zh-CN"; speak(); });
byId("events").addEventListener("toggle", events);
byId("now-table").addEventListener("toggle", nowTable);
document.addEventListener("keydown", keys);
document.addEventListener("click", jump);
byId("copy")?.addEventListener("click", async () => {
  getSelection().selectAllChildren(byId("command"));
  try { await navigator.clipboard.writeText(byId("command").textContent); byId("copy").textContent = word("again.copied"); } catch { document.execCommand("copy"); }
});
new ResizeObserver(() => { reachSideways(); if (!("paper" in document.documentElement.dataset)) Object.values(charts).forEach((chart) => chart.resize()); cursors(); }).observe(document.querySelector("main"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", speak);
matchMedia("print").addEventListener("change", (media) => paper(media.matches));
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));
if (location.hash === "#zh" || location.hash === "#en") document.documentElement.lang = location.hash === "#zh" ? "zh-CN" : "en";
now.t = data.first;
speak();
if (parent !== window) besideAnother();
Object.values(charts).forEach((chart) => chart.getZr().on("click", (event) => go(chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX))));
