// What a page is to show, as plain objects, and the least change to the document that shows it. A list can change four times a second
// while somebody reads or types in it: what stays is left alone, so focus, selection and scrolling stay. Text is text, never markup.
import { language } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";

// An element to be. Besides attributes: `key` (its name among its siblings), `on` (handlers), `style` (properties), and pairs [en, zh]
// for `label` (spoken name), `hint` (placeholder) and `text` (whole text of an option). False and null are left out.
export const h = (tag, attributes = {}, ...kids) => ({ tag, attributes, kids });

export function patch(parent, wanted) {
  const kids = wanted.flat(Infinity).filter((kid) => kid !== null && kid !== undefined && kid !== false && kid !== "");
  const focused = document.activeElement, found = matched(parent, kids);
  const kept = new Set(found);
  for (const old of [...parent.childNodes]) if (!kept.has(old)) old.remove();
  found.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] || null);
    if (typeof kids[i] === "object") update(node, kids[i]);
    else if (node.data !== String(kids[i])) node.data = String(kids[i]);
  });
  if (focused !== document.activeElement && focused?.isConnected && parent.contains(focused)) focused.focus();
}
function matched(parent, kids) {
  const free = [...parent.childNodes], named = new Map(free.filter((node) => node.roomKey !== undefined).map((node) => [node.roomKey, node]));
  return kids.map((kid) => {
    if (typeof kid !== "object") return taken(free, (node) => node.nodeType === Node.TEXT_NODE) || document.createTextNode("");
    const key = kid.attributes.key, same = (node) => node.roomTag === kid.tag && node.roomKey === key;
    if (key !== undefined) return named.has(key) && same(named.get(key)) ? named.get(key) : made(parent, kid);
    return taken(free, same) || made(parent, kid);
  });
}
function taken(free, fits) {
  const i = free.findIndex(fits);
  return i < 0 ? null : free.splice(i, 1)[0];
}
function made(parent, kid) {
  const drawn = kid.tag === "svg" || parent.namespaceURI === SVG;
  const node = drawn ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag);
  return Object.assign(node, { roomTag: kid.tag, roomKey: kid.attributes.key, roomSet: {}, roomOn: {} });
}
function update(node, { attributes, kids }) {
  const { key, on = {}, style = {}, label, hint, text, ...plain } = attributes, zh = language() === "zh" ? 1 : 0;
  if (label) Object.assign(plain, { "data-label": label.join("|"), "aria-label": label[zh] });
  if (hint) Object.assign(plain, { "data-hint": hint.join("|"), placeholder: hint[zh] });
  if (text) Object.assign(plain, { "data-text": text.join("|") });
  for (const [name, value] of Object.entries(plain)) set(node, name, value);
  for (const name of Object.keys(node.roomSet)) if (!(name in plain)) set(node, name, false);
  for (const [name, value] of Object.entries(style)) node.style.setProperty(name, value);
  for (const name of Object.keys(on)) if (!(name in node.roomOn)) node.addEventListener(name, (event) => node.roomOn[name]?.(event));
  node.roomOn = { ...Object.fromEntries(Object.keys(node.roomOn).map((name) => [name, null])), ...on };
  patch(node, text ? [text[zh]] : kids);
}
function set(node, name, value) {
  if (node.roomSet[name] === value) return;
  node.roomSet[name] = value;
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}
