// The links of the seats, which the facilitator alone has, to be handed out one by one. Whoever has a link has the seat.
import { byId } from "./drawing/elements.js";
import { h } from "./nodes.js";
import { bothOf, pair, t } from "./speech.js";

const linkOf = (token) => new URL(`lobby.html?${new URLSearchParams({ token })}`, location.href).href;

// A button that copies a seat's link; where the browser does not let it, the link stands there, selected.
export function copyLink(room, seat) {
  const token = room.state.links?.[seat];
  if (!token || seat === room.state.seat.name) return null;
  const shown = room.own.link?.seat === seat ? room.own.link.how : null, title = bothOf(room.state.people.find((one) => one.seat === seat).title);
  const copy = async () => {
    const how = await navigator.clipboard?.writeText(linkOf(token)).then(() => "copied", () => "shown") ?? "shown";
    room.change({ link: { seat, how } });
    if (how === "shown") room.after(() => byId("link")?.select());
  };
  return [shown === "shown" ? h("input", { id: "link", readonly: true, value: linkOf(token), label: pair("link.of", { title }) }) : null,
    h("button", { class: "small", label: pair("link.copy.of", { title }), on: { click: copy } }, shown === "copied" ? ["✓ ", t("link.copied")] : t("link.copy"))];
}
