// Where the state of a seat comes from. A feed is opened with a listener and says to it: state(state), link(whether it is connected),
// refused(message, sent) and done(sent). send(message) gives the message's id, or null where nothing can be sent now.
const VERSION = 1, WAIT_FIRST_MS = 250, WAIT_MOST_MS = 4000;

// The state after a frame: a snapshot is all of it, a tick its changed keys; rows of lists that only grow come from an index on.
export function applied(state, frame) {
  if (frame.kind === "snapshot") return frame.state;
  const next = { ...state };
  for (const [key, value] of Object.entries(frame.changes)) {
    if (key === "log") next.log = grown(state.log, value);
    else if (key === "orders") next.orders = { ...state.orders, ...value, rows: grown(state.orders?.rows, value.rows) };
    else if (key === "orders.rows") next.orders = { ...(next.orders || {}), rows: grown(state.orders?.rows, value) };
    else next[key] = value;
  }
  return next;
}
function grown(rows = [], more) {
  if (more === undefined) return rows;
  return Array.isArray(more) ? more : [...rows.slice(0, more.from), ...more.rows];
}

// States one after the other, for a replay or a test: nothing can be sent; step() goes on by one.
export class ArrayFeed {
  constructor(states) {
    Object.assign(this, { states, place: 0, listener: null });
  }
  open(listener) {
    this.listener = listener;
    listener.link(true);
    listener.state(this.states[0]);
  }
  step(by = 1) {
    this.place = Math.max(0, Math.min(this.states.length - 1, this.place + by));
    this.listener.state(this.states[this.place]);
  }
  send() {
    return null;
  }
}

// A websocket of a room; `about()` is what its first message says of the person. After a break it comes back by itself and says what it saw last, so that nothing is missed.
export class SocketFeed {
  constructor(url, about) {
    Object.assign(this, { url, about, state: null, seq: null, sent: new Map(), count: 0, wait: WAIT_FIRST_MS, socket: null });
    this.session = Math.random().toString(36).slice(2, 8);
  }
  open(listener) {
    this.listener = listener;
    this.connect();
  }
  connect() {
    const socket = (this.socket = new WebSocket(this.url));
    socket.addEventListener("open", () => this.hello());
    socket.addEventListener("message", (event) => socket === this.socket && this.take(JSON.parse(event.data)));
    socket.addEventListener("close", () => socket === this.socket && this.lost());
  }
  hello() {
    const seen = this.seq === null ? {} : { seq: this.seq };
    this.socket.send(JSON.stringify({ v: VERSION, id: this.next(), kind: "hello", ...seen, ...this.about() }));
    for (const [id, message] of this.sent) this.socket.send(JSON.stringify({ v: VERSION, id, ...message }));  // on its way when the connection was lost: acts once
  }
  next() {
    return `${this.session}-${++this.count}`;
  }
  take(frame) {
    const first = this.state === null, gap = frame.kind !== "snapshot" && (first || frame.seq > this.seq + 1);
    if (gap) return this.again();  // something was missed: asked for again
    if (frame.kind !== "snapshot" && frame.seq <= this.seq) return;
    this.seq = frame.seq;
    this.wait = WAIT_FIRST_MS;
    this.listener.link(true);
    if (frame.kind === "snapshot" || frame.kind === "tick") this.listener.state((this.state = applied(this.state, frame)));
    if (frame.kind === "refused" || frame.kind === "done") this.answered(frame);
  }
  answered(frame) {
    const sent = this.sent.get(frame.id);
    this.sent.delete(frame.id);
    if (frame.kind === "refused") this.listener.refused(frame, sent);
    else if (sent) this.listener.done(sent);
  }
  again() {
    this.socket.close();
    this.lost();
  }
  lost() {
    this.socket = null;
    this.listener.link(false);
    setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(WAIT_MOST_MS, this.wait * 2);
  }
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return null;
    const id = this.next();
    this.sent.set(id, message);
    this.socket.send(JSON.stringify({ v: VERSION, id, ...message }));
    return id;
  }
  // Whether a message like this one is on its way and not answered.
  waits(message) {
    const same = (other) => Object.entries(message).every(([key, value]) => other[key] === value);
    return [...this.sent.values()].some(same);
  }
}
