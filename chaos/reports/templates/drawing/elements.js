// Elements and instants, for every page that draws. What is shown reaches the page as text or as an attribute, never as markup.
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);
export const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const plain = (n) => n.toLocaleString("en");

// The second t of the simulated day as 09:35:40; of a later day with its number.
export function clock(t) {
  const day = Math.floor(t / 86400), s = t - day * 86400;
  const text = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, "0")).join(":");
  return day ? `d${day + 1} ${text}` : text;
}
export function make(tag, attributes = {}, text = null, parent = null, space = null) {
  const element = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}
export const draw = (tag, attributes, parent, text = null) => make(tag, attributes, text, parent, SVG);
