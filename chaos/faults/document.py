"""docs/faults.md, made from the catalogue: `python -m chaos.faults.document > docs/faults.md`."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from pydantic.fields import FieldInfo

from chaos.faults.catalogue import describe, shipped_faults
from chaos.faults.fault import LAYERS, Fault, OnInstances, OnLinks
from simcore.base.units import format_duration

CHOSEN: dict[type[Fault], str] = {
    OnInstances: "| which instances | one of `service` (with `replicas` or `fraction`), `group`, `site`, `on` (an address) | required |",
    OnLinks: "| which links | `from`, `to` or both, names or addresses | required |",
}
HEAD = """\
# Faults

What a scenario can do to a system. This page is made from the catalogue by `python -m chaos.faults.document`, and a test keeps
it current; [writing a fault](writing-a-fault.md) adds one. Numbers in brackets are the project's list of sources, **memory** is
common knowledge in the trade without a source at hand, and a **guess** is to be swept, not believed.

A step of a scenario's `method` names one fault, with when it begins (`at`) and how long it lasts (`for`):

    method:
      - {at: "09:31", for: 10min, slow: {service: bank-a, factor: 50}}

At its end a fault takes back what it did itself, and nothing else: faults compose, by one rule for each knob
([control.md](control.md#knobs)), whether they abut, overlap or lie within each other. No two steps exclude each other. What is refused
is what a thing cannot suffer:

| refused | because |
|---|---|
| capacity-loss, pool-leak, operator-error, flow-control-shrink on a pool with unlimited slots | it has no slots to lose |
| surge of a flow without a rate | nothing arrives that could come more often |
| session-drop without a flow of kind login | nobody has a session to lose |
| replication-lag with a synchronous standby | it has everything before the primary goes on |
| wrong-calendar on a calendar that is always open | it has no sessions to be mistaken about |
| batch-overrun of a batch that holds no gate | there is no open that it could run over into |
| store-write-stall where no operation has an effect | nothing is written |
| double-router-writes, slow-reports without a link to or from a service that accepts orders | there is no line for orders or reports |
| a replica, exchange, counterparty, failover step or operation that is not there | there is nothing to hit |

Instances are chosen by exactly one of `service` (with `replicas`, by number, or
`fraction`), `group` (shared fate), `site` and `on`; links by `from`, `to` or both. A name that is not defined is an error before
anything runs.

### By what it means

A name leads to one place, and another architecture may do that work elsewhere: a fault that names `counter-db` does nothing to a copy that
answers the queries, and the copy looks perfect. An address says what is meant, and leads to every service, operation and instance that
does this work, copies and fallbacks included:

| address | leads to | as said by |
|---|---|---|
| `{ counterparty: bank, rank: 1 }` | the service that stands for the bank (`exchange`, `fund`) with the most customers | `counterparty` of services |
| `{ release-of: counter }` | every service that runs this program | `software` of services |
| `{ query: position-query }` | every operation that reads a table to serve this function | `serves` and `reads` of operations |

Customers are counted by the weights of what requests are routed by. A service that writes what only a bank writes stands for one without saying so.
Single operations are hit by slow and bad-release alone: of a query, or the `functions` of a release, which are its operations that serve them.
They stand under `on` where instances are chosen, and in place of the name of a service under `from`, `to`, `bank` and `exchange`.
`coredrill show SCENARIO --targets --architecture A` prints what they lead to. Where an address leads to nothing, the scenario cannot be run on
that architecture, and a comparison has no figure there, unless the architecture says by `removes` that it does without the function.

A table that `grows` has at each instance the rows of those customers who come to it: shards hold all rows together, a copy those of its
shard, and an operation that reads everybody's (`scope: all`) all of them.

A fault that met nothing, so that nothing can be concluded from the run, makes the verdict unknown.
"""


def page() -> str:
    """The whole page, Markdown."""
    faults = list(shipped_faults().values())
    parts = [HEAD]
    for layer in LAYERS:
        members = [fault for fault in faults if fault.layer == layer]
        rows = [f"| [{f.fault}](#{f.fault}) | {describe(f)} |" for f in members]
        parts.append("\n".join([f"**{layer}**\n", "| fault | what it does |", "|---|---|", *rows, ""]))
    parts += [section(fault) for fault in faults]
    return "\n".join(parts)


def section(fault: type[Fault]) -> str:
    """One fault: what it does, what it imitates, its words."""
    words = [row for family, row in CHOSEN.items() if issubclass(fault, family)]
    shared = {name for family in CHOSEN if issubclass(fault, family) for name in family.model_fields}
    words += [word(name, field) for name, field in fault.model_fields.items() if name not in shared]
    table = ["", "| word | is | default |", "|---|---|---|", *words] if words else []
    return "\n".join([f"## {fault.fault}", "", inspect.cleandoc(fault.__doc__ or ""), *table, ""])


def word(name: str, field: FieldInfo) -> str:
    """The table row of one field."""
    kind = _kind(field)
    said = f"{kind}; {field.description}" if field.description else kind
    return f"| `{field.alias or name}` | {said} | {_default(field)} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={}) if not field.is_required() else None
    if field.is_required() or value is None:
        return "required" if field.is_required() else ""
    if _kind(field) == "duration":
        return format_duration(value)
    return f"{str(value).lower() if isinstance(value, bool) else value}" if value not in ([], {}) else ""


def _kind(field: FieldInfo) -> str:
    """The field's type in the words of the files, by its JSON schema."""
    from pydantic import TypeAdapter

    schema: dict[str, Any] = TypeAdapter(field.rebuild_annotation()).json_schema()
    return _words({**schema, **next((s for s in schema.get("anyOf", []) if s.get("type") != "null"), {})})


def _words(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"][:-1])) + f" or {schema['enum'][-1]}"
    if schema.get("type") == "array":
        return f"list of {_words(schema['items'])}s"
    if isinstance(schema.get("type"), list):
        return "duration"
    if schema.get("type") == "boolean":
        return "true or false"
    if schema.get("type") == "string":
        return "name"
    if "discriminator" in schema or "oneOf" in schema:
        return "name or address"
    if "$ref" in schema or "properties" in schema:
        return "mapping"
    if schema.get("type") == "object":
        if "patternProperties" in schema:
            return f"mapping of names to {_words(next(iter(schema['patternProperties'].values())))}"
        return f"mapping of {_words(schema['propertyNames'])} to {_words(schema['additionalProperties'])}"
    whole = "whole number" if schema["type"] == "integer" else "number"
    low = next(
        (f"{mark} {schema[key]:,.12g}" for key, mark in (("minimum", "≥"), ("exclusiveMinimum", ">")) if key in schema), ""
    )
    high = next(
        (f"{mark} {schema[key]:,.12g}" for key, mark in (("maximum", "≤"), ("exclusiveMaximum", "<")) if key in schema), ""
    )
    return " ".join([whole, ", ".join(bound for bound in (low, high) if bound)]).strip()


if __name__ == "__main__":
    sys.stdout.write(page())
