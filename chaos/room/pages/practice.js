// A desk to try before the start: one made-up trouble, the temperature of a machine room, played in this page alone. It follows the room
// only to know who is there and when the exercise begins; nothing that is done here is sent.
import { h } from "./nodes.js";
import { pair, t } from "./speech.js";

const TICK_MS = 250, ALARM_AFTER = 4, APPROVES_AFTER = 4, BEGINS_AFTER = 3, LOOK_TAKES = 5;
const text = (name, parts) => { const [en, zh] = pair(`practice.${name}`, parts); return { en, zh }; };
const OFFERS = { cool: { duration: 20, risk: "low", approver: "approver" }, doors: { duration: 10, risk: "medium", approver: null } };

export const practising = () => new URLSearchParams(location.search).has("practice");
// The address of a page of this seat, to practise at or not.
export function addressOf(page, practice) {
  const asked = new URLSearchParams(location.search);
  practice ? asked.set("practice", "1") : asked.delete("practice");
  return `${page}?${asked}${location.hash}`;
}
export const practiceBar = () => h("div", { class: "solo practice row wrap" }, h("b", {}, t("practice")), h("span", { class: "small grow" }, t("practice.note")), h("a", { class: "button", id: "practice-end", href: addressOf("lobby.html", false) }, "← ", t("practice.end")));

export class PracticeFeed {
  constructor(feed) {
    Object.assign(this, { feed, practice: true, state: null, due: [], count: 0, asked: 0 });
  }
  open(listener) {
    this.listener = listener;
    this.feed.open({ state: (real) => this.follow(real), link: (linked) => listener.link(linked), refused: () => {}, done: () => {} });
    setInterval(() => this.state && this.tick(TICK_MS / 1000), TICK_MS);
  }
  follow(real) {
    if (real.clock.state !== "lobby") return location.replace(addressOf("lobby.html", false));  // which goes on to the seat's own page
    if (!this.state) this.begin(real);
    this.show({ people: real.people });
  }
  begin(real) {
    this.mine = real.seat.name;
    const offers = Object.entries(OFFERS).map(([command, offer]) => ({ command, title: text(command), undo: text("undo"), final: false, ...offer }));
    const announcements = (real.announcements || []).length ? [{ announcement: "practice", title: text("notice"), text: text("notice.text"), at: null }] : [];
    this.state = { ...real, drill: { ...real.drill, title: text("title") }, clock: { ...real.clock, state: "running", speed: 1, behind: 1 }, alarms: [], signs: [{ title: text("alarm"), n: 2, of: 3, t: real.clock.t }], commands: [], log: [],
      seat: { ...real.seat, steers: false }, offers, looks: [{ look: "thermometer", title: text("look"), takes: LOOK_TAKES }], looking: [], announcements };
    this.alone = real.seat.steers;
    this.later(ALARM_AFTER, () => this.mine === "approver" ? this.proposed("cool", "operator") : this.alarm());
  }
  // Changes of the state, shown at once.
  show(changes = {}) {
    this.state = { ...this.state, ...changes };
    this.listener.state(this.state);
  }
  get now() {
    return this.state.clock.t;
  }
  later(seconds, does) {
    this.due.push({ at: this.now + seconds, does });
  }
  tick(seconds) {
    this.state = { ...this.state, clock: { ...this.state.clock, t: this.now + seconds } };
    const due = this.due.filter((one) => one.at <= this.now);
    this.due = this.due.filter((one) => one.at > this.now);
    for (const { does } of due) does();
    this.show({ commands: this.state.commands.map((one) => (one.state === "begun" ? { ...one, progress: Math.min(1, (this.now - one.times.begun) / one.takes) } : one)) });
  }
  say(kind, from, what, to = null) {
    this.show({ log: [...this.state.log, { t: this.now, kind, from, to, text: what }] });
  }
  alarm() {
    const one = { id: "practice", title: text("alarm"), state: "open", since: this.now, by: null, at: null, reading: 31, bound: 27, unit: null };
    this.show({ alarms: [one], signs: [] });
    this.say("event", "", text("log.alarm"));
  }
  // --- what a desk can send; each gives an id, and is done at once
  send(message) {
    const does = { ack: "taken", propose: "proposed", approve: "approved", refuse: "ended", withdraw: "ended", begin: "begun", look: "looked", say: "said", report: "reported", announce: "announced" }[message.kind];
    if (!does) return null;
    this[does](message);
    this.listener.done(message);
    return `practice-${++this.count}`;
  }
  taken() {
    this.show({ alarms: this.state.alarms.map((alarm) => ({ ...alarm, state: "acknowledged", by: this.mine, at: this.now })) });
  }
  proposed(message, by = this.mine) {
    const name = message.command ?? message, offer = this.state.offers.find((one) => one.command === name), n = ++this.asked;
    const one = { ...offer, id: `c${n}`, n, takes: offer.duration, by, times: { proposed: this.now }, state: "proposed", reason: "", progress: 0, can: [] };
    this.show({ commands: [...this.state.commands, one] });
    this.step(one.id, offer.approver ? "proposed" : "approved");
    if (offer.approver && this.mine !== "approver" && !this.alone) this.later(APPROVES_AFTER, () => this.state.commands.find((other) => other.id === one.id).state === "proposed" && this.approved({ command_id: one.id }));
  }
  approved({ command_id: id }) {
    this.step(id, "approved");
    if (this.mine === "approver") this.later(BEGINS_AFTER, () => this.begun({ command_id: id }));
  }
  ended({ command_id: id, kind, reason = "" }) {
    this.step(id, kind === "refuse" ? "refused" : "withdrawn", reason);
  }
  begun({ command_id: id }) {
    this.step(id, "begun");
    this.later(this.state.commands.find((one) => one.id === id).takes, () => { this.step(id, "done"); this.show({ alarms: [] }); });
  }
  step(id, state, reason = "") {
    const one = this.state.commands.find((other) => other.id === id), decides = this.mine === "approver" || this.alone, acts = one.by === this.mine;
    const can = { proposed: [...(decides ? ["approve", "refuse"] : []), ...(acts ? ["withdraw"] : [])], approved: acts ? ["begin", "withdraw"] : [] }[state] || [];
    this.show({ commands: this.state.commands.map((other) => (other === one ? { ...one, state, reason, can, times: { ...one.times, [state]: this.now }, progress: state === "done" ? 1 : 0 } : other)) });
    const [en, zh] = pair(`step.${state}`);
    this.say("event", "", text("log.step", { n: String(one.n), title: one.title, step: { en, zh } }));
  }
  looked() {
    this.show({ looking: [{ look: "thermometer", title: text("look"), ends: this.now + LOOK_TAKES }] });
    this.later(LOOK_TAKES, () => this.answered());
  }
  answered() {
    this.show({ looking: [] });
    this.say("look", text("look"), text(this.state.alarms.length ? "hot" : "cool.again"), [this.mine]);
  }
  said({ text: what, to }) {
    this.say("said", this.state.seat.title, what, to === "all" ? null : [this.mine, to]);
  }
  reported({ text: what }) {
    this.show({ duty: { ...this.state.duty, state: "reported", last_report: this.now } });
    this.say("report", this.state.seat.title, what);
  }
  announced() {
    this.show({ announcements: this.state.announcements.map((one) => ({ ...one, at: this.now })) });
    this.say("announcement", this.state.seat.title, text("notice.text"));
  }
}
