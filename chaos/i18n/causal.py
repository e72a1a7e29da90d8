"""What acting did, outages and boxes of the chain of causes as texts, in both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from chaos.i18n.names import own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, translate, untranslated
from chaos.measures.formatting import instant, number, signed
from chaos.results.counterfactuals import (
    ActionEffect,
    ActionTaken,
    CauseGraph,
    CauseNode,
    Counterfactuals,
    Difference,
    Effect,
    Outage,
    OutageCauses,
    RunFigures,
    TakenAgain,
)
from chaos.results.run import RunResult

GLYPHS: Mapping[Effect, str] = MappingProxyType({"helped": "▲", "no_difference": "=", "hurt": "▼", "mixed": "▲▼", "open": "?"})
"""So that an effect is not shown by its colour alone."""
FEW = 2
"""So many operations or flows tell a box from another of the same place."""
LISTED = 4
"""So many names are written out of a longer list."""


def action_title(verb: str, target: str, own: Collection[str]) -> LocalizedText:
    """What is done to what: restart counter. `own` are the run's own names, here and below."""
    names = join([display_name(part, own) for part in target.split(",")])
    return join([lookup("verb", verb), names], " ", "") if target else lookup("verb", verb)


def outage_texts(run: RunResult) -> list[LocalizedText]:
    """A sentence for each outage: when, how long, how many orders, and as far as runs without show it, why and how it ended."""
    found_out = run.counterfactuals
    shown, acted = ([], False) if found_out is None else (found_out.outages, found_out.acted)
    titles = {action.name: action_title(action.verb, action.target, run.own_names) for action in run.actions}
    last = len(run.outages) - 1
    found = []
    for i, outage in enumerate(run.outages):
        over = i < last or run.measures.recovered is not False
        parts = [_outage(i + 1, outage)]
        parts += _causes(shown[i], titles, unaided=over and acted) if i < len(shown) else []
        parts += [] if over else [translate("outage.not_over")]
        found.append(join(parts, "; ", "；"))
    return found


def _outage(n: int, outage: Outage) -> LocalizedText:
    return translate(
        "outage.head",
        n=n,
        begin=instant(outage.begin_ns),
        end=instant(outage.end_ns),
        length=duration_text(outage.impaired_s),
        orders=number(outage.failed_orders),
    )


def _causes(shown: OutageCauses, titles: dict[str, LocalizedText], *, unaided: bool) -> list[LocalizedText]:
    """`unaided`: that it was over without help may be said."""

    def named(key: str, names: Iterable[str]) -> LocalizedText:
        return translate(key, actions=join([titles.get(name, untranslated(name)) for name in names]))

    found = []
    if shown.only_with:
        found.append(named("outage.only_with", shown.only_with))
    elif shown.acting:
        found.append(translate("outage.acting"))
    elif shown.without_method_s is not None:
        key = "outage.without_method" if shown.without_method_s else "outage.method"
        found.append(translate(key, impaired=duration_text(shown.without_method_s)))
    if shown.prolonged_by:
        found.append(named("outage.prolonged_by", shown.prolonged_by))
    if shown.ended_by:
        found.append(named("outage.ended_by", shown.ended_by))
    elif shown.unaided and unaided and not shown.prolonged_by:
        found.append(translate("outage.unaided"))
    return found


# --- actions ----------------------------------------------------------------------------------------------------------------


def acting_text(shown: Counterfactuals) -> LocalizedText:
    """What comes of nobody acting, and what acting did on the whole; where nothing was carried out, that."""
    if not shown.acted:
        return translate("acting.none")
    said = translate(
        "acting.nobody",
        orders=number(shown.nobody_acts.failed_orders),
        impaired=duration_text(shown.nobody_acts.impaired_s),
        effect=effect_text(shown.effect),
    )
    return join([said, *given_up_texts(shown.nobody_acts)], "; ", "；")


def given_up_texts(without: RunFigures) -> list[LocalizedText]:
    """When a run in which something was left out was given up, if it was: its figures are those until then."""
    return [] if without.given_up_ns is None else [translate("acting.given_up", at=instant(without.given_up_ns))]


def effect_text(effect: Effect) -> LocalizedText:
    """Glyph and word: ▼ hurt."""
    return join([untranslated(GLYPHS[effect]), translate(f"effect.{effect}")], " ", " ")


def action_text(effect: ActionEffect, shown: Counterfactuals, own: Collection[str]) -> LocalizedText:
    """One action: what it did, who and when, and the figures with and without it; what it did when it was taken again."""
    text = translate(
        "acting.action",
        effect=effect_text(effect.effect),
        action=action_title(effect.taken[0].verb, effect.taken[0].target, own),
        taken=join([taken_text(taken, own) for taken in effect.taken[:LISTED]], "; ", "；"),
        failed=number(shown.as_run.failed_orders),
        without=number(effect.without.failed_orders),
        difference=came_of_it(effect),
    )
    return join([text, *given_up_texts(effect.without), *again_texts(effect)], "; ", "；")


def again_texts(effect: ActionEffect) -> list[LocalizedText]:
    """What an action did by the times it was taken in later outages, each from the end of the outage before on."""
    return [
        translate(
            "acting.again",
            at=instant(part.since_ns),
            effect=effect_text(part.effect),
            difference=came_of_it(part),
        )
        for part in effect.again
    ]


def taken_text(taken: ActionTaken, own: Collection[str]) -> LocalizedText:
    """Who did it, when, and how it ended."""
    at = taken.ended_ns if taken.ended_ns is not None else taken.approved_ns
    begun = taken.begun_ns if taken.begun_ns is not None else taken.approved_ns
    return translate(
        f"taken.{taken.end}",
        by=display_name(taken.by, own),
        begun="–" if begun is None else instant(begun),
        ended="–" if at is None else instant(at),
    )


def came_of_it(of: ActionEffect | TakenAgain) -> LocalizedText:
    """By how much the figures differ; that they cannot be compared, if so."""
    return translate("difference.open") if of.effect == "open" else difference_text(of.difference)


def difference_text(difference: Difference) -> LocalizedText:
    """By how much the figures differ: more failed orders and more minutes are plus. What is wrong in the books is said where it differs,
    failed requests where failed orders do not, or the other way. Where some are better and some worse, the better come first."""
    orders, impaired = difference.failed_orders, difference.impaired_s
    books, requests = difference.wrong_in_the_books, difference.failed_requests
    parts: list[tuple[float, LocalizedText]] = [(orders, translate("difference.orders", n=_signed(orders)))] if orders else []
    parts += [(impaired, _impaired(impaired))] if impaired else []
    if books:
        parts.append((books, books_text(books)))
    if requests and requests * orders <= 0:
        parts.append((requests, translate("acting.requests", n=_signed(requests))))
    better = [text for value, text in parts if value < 0]
    worse = [text for value, text in parts if value > 0]
    if better and worse:
        return translate("difference.but", better=join(better, ", ", "，"), worse=join(worse, ", ", "，"))
    return join([text for _, text in parts], ", ", "，") if parts else translate("difference.none")


def books_text(difference: int) -> LocalizedText:
    """How many orders more or less are wrong in the books."""
    return translate("acting.books", n=_signed(difference))


def _impaired(seconds: float) -> LocalizedText:
    sign = "−" if seconds < 0 else "+"
    value = duration_text(abs(seconds)).map(lambda text: f"{sign}{text}")
    return translate("difference.impaired", impaired=value)


def _signed(value: int) -> str:
    return signed(value).replace("-", "−") if value else "±0"


# --- the chain of causes ----------------------------------------------------------------------------------------------------


def chain_title(graph: CauseGraph) -> LocalizedText:
    """Of which outage, and how much is folded."""
    folded = translate("chain.folded", links=graph.links, boxes=len(graph.nodes))
    if graph.outage is None:
        return folded
    return join([translate("chain.outage", n=graph.outage + 1), folded], ": ", "：")


def node_title(node: CauseNode, run: RunResult) -> LocalizedText:
    """What a box is about."""
    if node.kind == "customers":
        return translate("chain.customers")
    if node.kind == "action":
        return join([action_title(*_split(name), run.own_names) for name in node.names])
    names = join([display_name(name, run.own_names) if node.kind != "step" else own_text(run, name) for name in node.names])
    return join([translate("chain.step"), names], " ", "：") if node.kind == "step" else names


def node_titles(graph: CauseGraph, run: RunResult) -> dict[str, LocalizedText]:
    """What each box is about, by its id. Of boxes about the same each says which: what it holds, if that is little, else what it comes of."""
    plain = {node.id: node_title(node, run) for node in graph.nodes}
    shared = [name for name, count in Counter(name for node in graph.nodes for name in _places(node)).items() if count > 1]
    titles = {
        node.id: _bracketed(plain[node.id], _which(node, graph, plain, run.own_names))
        if not _places(node).isdisjoint(shared)
        else plain[node.id]
        for node in graph.nodes
    }
    counts = Counter(title.en for title in titles.values())
    return {
        node.id: join([titles[node.id], untranslated(instant(node.t_ns))], " ", " ")
        if counts[titles[node.id].en] > 1
        else titles[node.id]
        for node in graph.nodes
    }


def _bracketed(name: LocalizedText, which: LocalizedText) -> LocalizedText:
    return LocalizedText(f"{name.en} ({which.en})", f"{name.zh}（{which.zh}）")


def _places(node: CauseNode) -> set[str]:
    return {node.kind} if node.kind == "customers" else {f"{node.kind}/{name}" for name in node.names}


def _which(node: CauseNode, graph: CauseGraph, plain: Mapping[str, LocalizedText], own: Collection[str]) -> LocalizedText:
    """A few of the words that tell a box from another of the same place."""
    if node.members and len(node.members) <= FEW:
        return join(
            [display_name(name, own) for name in dict.fromkeys(member.name.rpartition(".")[2] for member in node.members)]
        )
    causes = [plain[edge.cause] for edge in graph.edges if edge.effect == node.id]
    return join([untranslated("←"), causes[0]], " ", " ") if causes else untranslated(instant(node.t_ns))


def first_cause(graph: CauseGraph, run: RunResult) -> LocalizedText | None:
    """What a chain begins at: its steps by their names, and actions that nothing in it comes before; those first if every step was over before
    the outage began. Without either its first box; None if it has no box."""
    effects = {edge.effect for edge in graph.edges}
    steps = [node for node in graph.nodes if node.kind == "step"]
    actions = [node_title(node, run) for node in graph.nodes if node.kind == "action" and node.id not in effects]
    if not steps:
        return join(actions) if actions else node_title(graph.nodes[0], run) if graph.nodes else None
    names = [own_text(run, name) for name in dict.fromkeys(name for node in steps for name in node.names)]
    if len(names) > LISTED:
        names = [*names[:LISTED], translate("chain.more", n=len(names) - LISTED)]
    faults = join([translate("chain.step"), join(names)], " ", "：")
    over = all(node.until_ns is not None for node in steps)
    return join([*actions, faults] if over else [faults, *actions])


def _split(name: str) -> tuple[str, str]:
    verb, _, target = name.partition(" ")
    return verb, target


def state_text(node: CauseNode) -> LocalizedText:
    """How it was not well, in a few words."""
    over = "_over" if node.state == "injected" and node.until_ns is not None else ""
    return translate(
        f"box.{node.state}{over}" if node.kind != "customers" else f"customers.{node.state}",
        slots=node.slots or "",
        until="–" if node.until_ns is None else instant(node.until_ns),
        n=len(node.members),
    )


def node_text(node: CauseNode, own: Collection[str]) -> LocalizedText:
    """How it was not well, and what it holds."""
    what = state_text(node)
    members = [display_name(member.name, own) for member in node.members[:LISTED]]
    if len(node.members) > LISTED:
        members.append(translate("chain.more", n=len(node.members) - LISTED))
    return join([what, join(members)], ": ", "：") if members else what


def unexplained_text(graph: CauseGraph, own: Collection[str]) -> LocalizedText:
    """The flows that the chain does not explain; that there are none, if so."""
    if not graph.unexplained:
        return translate("chain.explained")
    return translate("chain.unexplained", flows=join([display_name(flow, own) for flow in graph.unexplained]))
