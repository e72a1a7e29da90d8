"""The structure of a checkout in numbers, for the packages simcore and chaos.

    python benchmarks/structure.py [--tree DIR] [--json FILE]

What is counted:

- functions: every `def`, those in classes and in other functions too; their lines are counted without the docstring;
- types, documented: see tests/support/source_counts.py;
- circles: modules that import each other when they run, imports inside functions counted, those under TYPE_CHECKING not; the same
  of the children of a package, modules and packages, which import what the modules in them do;
- duplicates: runs of six or more lines that are found twice, without comments, blank lines, imports and indentation;
- state: what lives longer than a call, see tests/support/module_state.py;
- private imports: names with a leading underscore imported from another module of simcore or chaos.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))  # behind what is installed
from module_state import lasting
from source_counts import documentation, lines_of, skips, types
from source_tree import PACKAGES, ROOT, Module, circles, circles_of_children, graph_of, modules_of

BLOCK_LINES = 6


def sizes(modules: list[Module]) -> dict[str, Any]:
    """Files, packages, lines, and the largest of them."""
    files = sorted(((len(m.source.splitlines()), m.path) for m in modules), reverse=True)
    functions = sorted(((lines_of(f), f"{m.path}:{f.name}") for m in modules for f in m.functions), reverse=True)
    entries: dict[str, int] = defaultdict(int)
    for m in modules:
        entries[m.package] += not m.is_package
    return {
        "files": len(modules),
        "packages": sum(m.is_package for m in modules),
        "lines": sum(lines for lines, _ in files),
        "functions": len(functions),
        "largest_files": files[:5],
        "largest_functions": functions[:5],
        "files_over_400_lines": sum(lines > 400 for lines, _ in files),
        "functions_over_50_lines": sum(n > 50 for n, _ in functions),
        "modules_in_package": dict(sorted(entries.items(), key=lambda item: -item[1])),
    }


# --- coupling -----------------------------------------------------------------------------------------------------------


def coupling(modules: list[Module]) -> dict[str, Any]:
    """Circles of imports, private imports and star imports."""
    edges, package = graph_of(modules), {m.name: m.package for m in modules}
    between: dict[str, set[str]] = defaultdict(set)
    for name, targets in edges.items():
        between[package[name]] |= {package[target] for target in targets} - {package[name]}
    ours = [(m.name, base, name) for m in modules for base, name in m.imports if base.split(".")[0] in PACKAGES]
    private = [
        f"{at}: {base}.{name}" for at, base, name in ours if name.startswith("_") and not name.startswith("__") and base != at
    ]
    return {
        "circles_of_modules": circles(edges),
        "circles_of_children": sorted(f"{package or 'top'}: {', '.join(of)}" for package, of in circles_of_children(modules)),
        "edges_between_modules": sum(map(len, edges.values())),
        "edges_between_packages": sum(map(len, between.values())),
        "private_imports": sorted(private),
        "star_imports": sum(name == "*" for _, _, name in ours),
    }


# --- what is better not there -------------------------------------------------------------------------------------------


def duplicates(modules: list[Module]) -> dict[str, Any]:
    """Runs of lines that are found twice or more, and how many lines lie in one."""
    places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    kept: list[list[tuple[int, str]]] = []
    for number, m in enumerate(modules):
        lines = ((n, re.sub(r"\s+", " ", line.partition("  #")[0]).strip()) for n, line in enumerate(m.source.splitlines(), 1))
        kept.append([(n, text) for n, text in lines if text and not text.startswith(("#", "import ", "from "))])
        for i in range(len(kept[-1]) - BLOCK_LINES + 1):
            places[tuple(text for _, text in kept[-1][i : i + BLOCK_LINES])].append((number, i))
    inside = {(number, i + k) for at in places.values() if len(at) > 1 for number, i in at for k in range(BLOCK_LINES)}
    starts = sorted((number, i) for number, i in inside if (number, i - 1) not in inside)
    shown = []
    for number, i in starts:
        length = next(k for k in range(len(inside) + 1) if (number, i + k) not in inside)
        shown.append(f"{modules[number].path}:{kept[number][i][0]}, {length} lines")
    return {"lines": len(inside), "blocks": shown}


def state(modules: list[Module]) -> dict[str, Any]:
    """What lives longer than a call."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for found in lasting(modules):
        kinds[found.kind].append(found.name)
    return dict(sorted(kinds.items()))


# --- what is shown ------------------------------------------------------------------------------------------------------


def measure(tree: Path) -> dict[str, Any]:
    """All numbers of a checkout."""
    modules = modules_of(tree)
    commit = subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "commit": commit,
        "sizes": sizes(modules),
        "types": types(modules),
        "documented": documentation(modules),
        "coupling": coupling(modules),
        "duplicates": duplicates(modules),
        "state": state(modules),
        "fmt_skip": skips(tree, modules),
    }


def lines_of_numbers(value: Any, name: str = "") -> Iterator[str]:
    """Lines to read: a list of names is its length, and at most ten of them."""
    if isinstance(value, dict) and set(value) == {"of", "found", "percent"}:
        yield f"{name}: {value['found']:,} of {value['of']:,}, {value['percent']} %"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from lines_of_numbers(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield f"{name}: {len(value)}"
        yield from (f"    {', '.join(map(str, of)) if isinstance(of, list | tuple) else of}" for of in value[:10])
    else:
        yield f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}"


@click.command(context_settings={"show_default": True})
@click.option("--tree", default=ROOT, type=click.Path(path_type=Path, exists=True, file_okay=False), help="The checkout.")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the numbers, with every name.")
def main(tree: Path, out: Path | None) -> None:
    """Numbers of the structure; see the head of this file."""
    found = measure(tree.resolve())
    for line in lines_of_numbers(found):
        click.echo(line)
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
