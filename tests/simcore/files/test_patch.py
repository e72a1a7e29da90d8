"""The patch mechanism: edits by name, layers, conflicts, origins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from simcore.base.errors import InputError
from simcore.files.document import parse_yaml
from simcore.files.loading import Resolved
from simcore.files.patch import Layer, apply_layers, command_line_layer, edits_of
from simcore.library import LIBRARY, load_workload
from simcore.model.architecture import Architecture

BASE = """\
kind: architecture
name: base
title: The base
pools:
  threads: {slots: 8, queue: 100}
  free: {slots: unlimited}
limits:
  cap: {rate: 50/s}
services:
  counter:
    pools: [threads]
    operations:
      place:
        steps:
          - work: 5ms
          - {work: {lognormal: {mean: 10ms, scv: 2}}, draw: second}
          - {call: bank.check, name: ask, timeout: 200ms}
          - {call: bank.check, timeout: 30ms}
          - route: side
            cases: {buy: [{work: 1ms}], sell: []}
  bank:
    replicas: 3
    operations: {check: {steps: [{work: 3ms}]}}
links:
  - {from: counter, to: bank, latency: 1ms}
flows:
  order: {steps: [{call: counter.place}]}
"""
PLACE = "services.counter.operations.place"


@pytest.fixture(autouse=True)
def _base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)


def extend(patch: str, name: str = "new", base: str = "base.yaml") -> Resolved[Architecture]:
    """The architecture of a file that extends the base with a patch, one edit a line."""
    lines = "".join(f"  - {edit.strip()}\n" for edit in patch.strip().splitlines())
    Path(f"{name}.yaml").write_text(f"kind: architecture\nname: {name}\nextends: {base}\npatch:\n{lines}")
    return LIBRARY.resolve(Path(f"{name}.yaml"), Architecture)


def fault(act: Callable[[], Any]) -> str:
    """The one-line error an action raises."""
    with pytest.raises(InputError) as caught:
        act()
    return str(caught.value)


def dig(document: Any, *keys: str | int) -> Any:
    """What stands under keys, one after the other."""
    for key in keys:
        document = document[key]
    return document


STEPS = ("services", "counter", "operations", "place", "steps")


@pytest.mark.parametrize(
    ("edit", "keys", "value"),
    [
        ("{set: pools.threads.slots, to: 4}", ("pools", "threads", "slots"), 4),
        ("{set: services.counter.replicas, to: 4}", ("services", "counter", "replicas"), 4),
        (f"{{set: '{PLACE}.steps[ask].timeout', to: 1s}}", (*STEPS, 2, "timeout"), "1s"),
        (f"{{set: '{PLACE}.steps[work#1].draw', to: other}}", (*STEPS, 1, "draw"), "other"),
        (f"{{set: '{PLACE}.steps[bank.check#1].timeout', to: 1s}}", (*STEPS, 3, "timeout"), "1s"),
        (f"{{set: '{PLACE}.steps[#0].work', to: {{exponential: 1ms}}}}", (*STEPS, 0, "work"), {"exponential": "1ms"}),
        (f"{{set: '{PLACE}.steps[side].cases.buy[work].work', to: 2ms}}", (*STEPS, 4, "cases", "buy", 0, "work"), "2ms"),
        ("{set: 'links[counter-bank].loss.request', to: 0.5}", ("links", 0, "loss"), {"request": 0.5}),
        ("{scale: pools.threads.slots, by: 0.3}", ("pools", "threads", "slots"), 2),
        ("{scale: pools.threads.slots, by: 0.01}", ("pools", "threads", "slots"), 1),
        ("{scale: limits.cap.rate, by: 0.1}", ("limits", "cap", "rate"), "5/s"),
        (f"{{scale: '{PLACE}.steps[ask].timeout', by: 0.125}}", (*STEPS, 2, "timeout"), "25ms"),
        (f"{{scale: '{PLACE}.steps[work#1].work', by: 0.1}}", (*STEPS, 1, "work"), {"lognormal": {"mean": "1ms", "scv": 2}}),
        ("{scale: services.*.replicas, by: 2}", ("services", "bank", "replicas"), 6),
        ("{scale: services.*.replicas, by: 2}", ("services", "counter", "replicas"), 2),
        ("{scale: pools.*.slots, by: 2}", ("pools", "free", "slots"), "unlimited"),
        (f"{{remove: '{PLACE}.steps[ask].timeout'}}", (*STEPS, 2), {"call": "bank.check", "name": "ask"}),
        ("{remove: pools.free}", ("pools",), {"threads": {"slots": 8, "queue": 100}}),
        ("{add: pools.more, value: {slots: 1}}", ("pools", "more"), {"slots": 1}),
        ("{add: 'links[bank-counter]', value: {from: bank, to: counter}}", ("links", 1), {"from": "bank", "to": "counter"}),
        ("{add: 'services.bank.groups[power]', value: power}", ("services", "bank", "groups"), ["power"]),
        ("{add: services.bank.contention, value: 0.1}", ("services", "bank", "contention"), 0.1),
        (f"{{insert: {PLACE}.steps, before: ask, step: {{wait: 1s}}}}", (*STEPS, 2), {"wait": "1s"}),
        (f"{{insert: {PLACE}.steps, after: side, step: {{wait: 1s}}}}", (*STEPS, 5), {"wait": "1s"}),
        (f"{{insert: {PLACE}.steps, after: side, step: {{wait: 1s}}, if_present: true}}", (*STEPS, 5), {"wait": "1s"}),
        (f"{{insert: {PLACE}.steps, before: gone, step: {{wait: 1s}}, if_present: true}}", (*STEPS, 2, "name"), "ask"),
        ("{set: pools.gone.slots, to: 1, if_present: true}", ("pools", "threads", "slots"), 8),
    ],
)
def test_edit_changes_what_it_names(edit: str, keys: tuple[str | int, ...], value: object) -> None:
    """Each kind of edit reaches keys, steps by name, verb or target, links and defaults, and changes just that."""
    assert dig(extend(edit).document, *keys) == value


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            "{set: pools.thread.slots, to: 4}",
            "new.yaml:5:11: pools.thread.slots: there is no 'thread' in pools; did you mean 'threads'?",
        ),
        ("{set: services.bank.replcas, to: 4}", "there is no 'replcas' in services.bank; did you mean 'replicas'?"),
        (
            "{set: services.bank.standby.mode, to: hot}",
            "there is no 'standby' in services.bank; it is not written and has no default: use add",
        ),
        (
            f"{{set: '{PLACE}.steps[asc].timeout', to: 1s}}",
            "there is no 'asc' in services.counter.operations.place.steps; did you mean 'ask'?",
        ),
        (f"{{set: '{PLACE}.steps[bank.check].timeout', to: 1s}}", "'bank.check' means 2 items of"),
        (
            f"{{set: {PLACE}.steps.ask.timeout, to: 1s}}",
            "is a list; name the item in brackets: services.counter.operations.place.steps[ask]",
        ),
        ("{set: services.bank.replicas.x, to: 1}", "services.bank.replicas is 3 and holds nothing"),
        ("{set: 'services..bank', to: 1}", "not a path (value: 'services..bank')"),
        ("{set: '', to: 1}", "new.yaml:5:11: patch[#0].set: must not be empty (value: '')"),
        ("{set: '[', to: 1}", "not a path (value: '[')"),
        ("{remove: pools.gone}", "there is no 'gone' in pools"),
        ("{remove: pools.threads.slots}", "base.yaml:5:3: pools.threads.slots: is missing"),
        (
            "{add: pools.threads, value: {slots: 1}}",
            "new.yaml:5:11: pools.threads is there already (base, base.yaml:5); use set to change it",
        ),
        ("{add: pools.*, value: 1}", "add needs one place, and * means many"),
        (
            "{add: 'links[a-b]', value: {from: bank, to: counter}}",
            "what is added is called [bank-counter]; write that in the path",
        ),
        ("{add: links, value: {}}", "links is there already"),
        ("{scale: services.bank, by: 2}", "services.bank cannot be scaled: it is no number"),
        ("{scale: pools.free.slots, by: 2}", "pools.free.slots cannot be scaled: it is 'unlimited'"),
        ("{scale: pools.*.slotz, by: 2}", "pools.*.slotz: matches nothing"),
        ("{scale: pools.threads.slots, by: 0}", "patch[#0].by: must be above 0 and at most 1000000000 (value: 0)"),
        ("{scale: pools.threads.slots, by: x}", "patch[#0].by: a number is needed (value: 'x')"),
        ("{set: pools.threads.slots}", "patch[#0].to: is missing; add 'to: …'"),
        ("{sett: pools.threads.slots, to: 1}", "an edit is one of: set, scale, remove, add, insert; did you mean 'set'?"),
        ("{set: pools.threads.slots, to: 1, overide: true}", "patch[#0].overide: unknown key; did you mean 'override'?"),
        (
            f"{{insert: {PLACE}.steps, before: gone, step: {{wait: 1s}}}}",
            "there is no 'gone' in services.counter.operations.place.steps",
        ),
        (f"{{insert: {PLACE}.steps, step: {{wait: 1s}}}}", "insert needs either before or after"),
        (f"{{insert: {PLACE}, before: a, step: {{wait: 1s}}}}", "is no list of steps"),
        (
            "{set: services.bank.replicas, to: many}",
            "new.yaml:5:39: services.bank.replicas: a whole number is needed (value: 'many')",
        ),
        ("{add: pools.more, value: {slots: 1, queu: 3}}", "new.yaml:5:41: pools.more.queu: unknown key; did you mean 'queue'?"),
    ],
)
def test_edit_that_fails_says_where_and_why(edit: str, expected: str) -> None:
    """An edit whose target is absent (or, for add, present), ambiguous or of the wrong kind fails at its own place."""
    assert expected in fault(lambda: extend(edit))


def layer(kind: str, *edits: str) -> Layer:
    """A layer of edits."""
    text = "[" + ", ".join(edits) + "]"
    return Layer(kind, "x", edits_of(parse_yaml(text, f"{kind}.yaml", kind)))


def apply(layers: Sequence[Layer]) -> Any:
    """The base with layers applied."""
    return LIBRARY.resolve(Path("base.yaml"), Architecture, layers).document


def test_layers_are_applied_in_their_order() -> None:
    """Whatever the order they are given in, option comes before environment before command line."""
    layers = [
        command_line_layer(["pools.threads.slots=77"]),
        layer("environment", "{scale: pools.threads.slots, by: 0.5, override: true}"),
        layer("option", "{set: pools.threads.slots, to: 40}"),
    ]
    assert apply(layers[1:])["pools"]["threads"]["slots"] == 20
    assert apply(layers)["pools"]["threads"]["slots"] == 77


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{set: pools.threads.slots, to: 4}", "{set: pools.threads.slots, to: 5}"),
        ("{set: pools.threads.slots, to: 4}", "{scale: pools.*.slots, by: 2}"),
        ("{set: pools.threads.slots, to: 4}", "{set: pools.threads, to: {slots: 1}}"),
        ("{set: pools.threads, to: {slots: 4}}", "{set: pools.threads.slots, to: 1}"),
        ("{set: pools.threads.slots, to: 4}", "{remove: pools.threads.slots}"),
        ("{set: pools.threads.slots, to: 4}", "{set: pools.threads.slots, to: 4}"),
    ],
)
def test_two_layers_may_not_set_one_value(first: str, second: str) -> None:
    """What one layer set another may not change above, at or below it, unless it says override."""
    layers = [layer("option", first), layer("defect", second)]
    message = fault(lambda: apply(layers))
    assert message.startswith("defect.yaml:1:")
    assert "was already set by option, option.yaml:1; keep one of them, or write 'override: true'" in message
    tree = parse_yaml(BASE, "base.yaml", "base")
    apply_layers(tree, Architecture, [layers[0], layer("defect", second[:-1] + ", override: true}")])


def test_removed_stays_removed() -> None:
    """Adding again, or changing, what an earlier layer removed names that layer."""
    gone = layer("option", "{remove: pools.free}")
    assert "pools.free was removed by option, option.yaml:1" in fault(
        lambda: apply([gone, layer("defect", "{add: pools.free, value: {slots: 1}}")])
    )
    assert "it was removed by option, option.yaml:1" in fault(
        lambda: apply([gone, layer("defect", "{set: pools.free.slots, to: 1}")])
    )


def test_what_one_layer_added_another_may_set() -> None:
    """An added service is as good as one of the base."""
    layers = [layer("option", "{add: pools.more, value: {slots: 2}}"), layer("defect", "{scale: pools.more.slots, by: 3}")]
    assert apply(layers)["pools"]["more"]["slots"] == 6


def test_layer_kind_is_checked() -> None:
    """A layer of an unknown kind is our own bug."""
    with pytest.raises(ValueError, match="a layer is one of"):
        Layer("whim", "x")


def test_command_line_values_are_yaml() -> None:
    """Numbers, text and mappings are read as in a file."""
    settings = ["services.counter.replicas=3", "limits.cap.rate=10/s", f"{PLACE}.steps[#0].work={{exponential: 1ms}}"]
    document = apply([command_line_layer(settings)])
    assert document["services"]["counter"]["replicas"] == 3
    assert document["limits"]["cap"]["rate"] == "10/s"
    assert dig(document, *STEPS, 0) == {"work": {"exponential": "1ms"}}


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("replicas", "--set replicas: is not an assignment; write --set path=value"),
        ("=3", "is not an assignment"),
        ("services.bank.replicas=[", "--set services.bank.replicas=[: not well-formed YAML"),
        (
            "services.bank.replicas=x",
            "--set services.bank.replicas=x: services.bank.replicas: a whole number is needed (value: 'x')",
        ),
        ("services.bnk.replicas=1", "there is no 'bnk' in services; did you mean 'bank'?"),
    ],
)
def test_command_line_mistakes_name_the_argument(assignment: str, expected: str) -> None:
    """A wrong --set is told by the argument itself."""
    assert expected in fault(lambda: apply([command_line_layer([assignment])]))


def test_extension_of_an_extension() -> None:
    """Patches add up from the base on; a second one that sets the same value must say override."""
    extend("{set: pools.threads.slots, to: 4}", "one")
    two = extend("{scale: services.*.replicas, by: 2}", "two", "one.yaml")
    assert (two.model.name, two.model.title) == ("two", "The base")
    assert (two.document["pools"]["threads"]["slots"], two.document["services"]["bank"]["replicas"]) == (4, 6)
    assert "was already set by extends one, one.yaml:5" in fault(
        lambda: extend("{set: pools.threads.slots, to: 5}", "three", "one.yaml")
    )


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("new.yaml", "new.yaml:3:10: extends: the files extend each other in a circle"),
        ("gone.yaml", "new.yaml:3:10: extends: no file 'gone.yaml' beside this one"),
        ("nonsense", "new.yaml:3:10: extends: no architecture is called 'nonsense'"),
        ("[]", "new.yaml:3:1: extends: text is needed"),
    ],
)
def test_extends_that_leads_nowhere(base: str, expected: str) -> None:
    """A base that is missing, or that extends the file itself, is told at `extends`."""
    assert expected in fault(lambda: extend("{remove: pools.free}", base=base))


def test_extension_holds_no_values_of_its_own() -> None:
    """With extends, changes go into the patch."""
    Path("new.yaml").write_text("kind: architecture\nname: new\nextends: base.yaml\npools: {}\n")
    assert fault(lambda: LIBRARY.resolve(Path("new.yaml"), Architecture)) == (
        "new.yaml:4:1: pools: unknown key in a file that extends another; write the change as an edit of patch"
    )


def test_workloads_extend_too() -> None:
    """A workload is patched by the same words."""
    Path("w.yaml").write_text("kind: workload\nname: w\nflows: {order: {rate: 10/s}}\n")
    Path("v.yaml").write_text(
        "kind: workload\nname: v\nextends: w.yaml\npatch: [{scale: flows.order.rate, by: 2}, {set: accounts.count, to: 7}]\n"
    )
    workload = load_workload("v.yaml")
    assert (workload.flows["order"].rate, workload.accounts.count) == (20.0, 7)


def test_every_value_has_its_origin() -> None:
    """After a patch each value knows the layer and line that wrote it, and no value is without."""
    resolved = extend("{set: services.counter.replicas, to: 4}\n{add: pools.more, value: {slots: 1}}")
    origins = {path: str(origin) for path, origin in resolved.origins.items()}
    assert origins["services.counter.replicas"] == "extends new, new.yaml:5"
    assert origins["pools.more.slots"] == "extends new, new.yaml:6"
    assert origins["pools.threads.slots"] == "base, base.yaml:5"
    assert origins["services.counter.operations.place.steps[ask].timeout"] == "base, base.yaml:17"


def test_paths_of_origins_lead_back() -> None:
    """Every path that is printed can be written in a patch, and means the value it was printed for."""
    resolved = LIBRARY.resolve(Path("base.yaml"), Architecture)
    assert len(resolved.origins) > 20
    for path in resolved.origins:
        tree = parse_yaml(BASE, "base.yaml", "base")
        apply_layers(tree, Architecture, [command_line_layer([f"{path}=marked"])])
        changed = [p for p, node in zip(resolved.origins, _leaves(tree), strict=True) if node == "marked"]
        assert changed == [path]


def _leaves(tree: Any) -> list[Any]:
    return [node.value for node in tree.walk() if not node.children()]


def test_plain_yaml_agrees() -> None:
    """Where YAML 1.1 and 1.2 mean the same, an independent reader finds the same data."""
    assert parse_yaml(BASE, "base.yaml", "base").plain() == yaml.safe_load(BASE)
