"""The tree, the YAML files' modelines, the links and the changelog."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE",
    "simcore", "chaos", "scenarios", "tests", "docs", "benchmarks",
}  # fmt: skip
UNTRACKED = {"build", "dist", "__pycache__", "demo.html"}  # the last is what the README's first command writes
CI_FILES = {"run", "lock", "constraints.txt"}  # the check, and the locked versions with the command that makes them
PICTURE_BYTES_MAX = 400_000
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def modeline_fault(text: str, path: Path) -> str | None:
    """What is wrong with the first line of a YAML file: it must name a schema file that exists, relative to the file."""
    match = MODELINE.fullmatch(text.split("\n", 1)[0].rstrip())
    if match is None:
        return "the first line is not '# yaml-language-server: $schema=<relative path>'"
    return None if (path.parent / match[1]).is_file() else f"its schema {match[1]} does not exist"


def broken_links(text: str, path: Path) -> list[str]:
    """Relative links of a Markdown text that are broken: no such file, or no such heading in it."""
    broken = []
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target, text if target == path else None)
        ):
            broken.append(link)
    return broken


def anchors(path: Path, text: str | None = None) -> set[str]:
    """The anchors of a Markdown file's headings, made as GitHub makes them."""
    body = FENCE.sub("", path.read_text(encoding="utf-8") if text is None else text)
    headings = re.findall(r"^#+ +(.+?) *$", body, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_top_level_is_what_the_design_says() -> None:
    """The root holds the agreed names, and nothing else but what version control ignores and dotted files."""
    names = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    assert names - UNTRACKED - {n for n in names if n.endswith(".egg-info")} == TOP_LEVEL


def test_ci_holds_the_check_and_the_locked_versions() -> None:
    """What a checkout needs beside the agreed names is dotted: the whole check, and what it installs."""
    assert {p.name for p in (ROOT / ".ci").iterdir()} == CI_FILES
    assert [name for name in ("run", "lock") if not os.access(ROOT / ".ci" / name, os.X_OK)] == []


def test_readme_begins_with_what_this_is_a_command_and_a_picture() -> None:
    """Its first screen: a sentence, the demo that writes a page, and a picture of that page with words for who cannot see it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first, _, _ = text.partition("\n## ")
    assert re.match(r"# coredrill\n\nChaos engineering for \S.*\n", first)
    (command,) = re.findall(r"^```sh\n(.*)\n```$", first, re.MULTILINE)
    assert command.endswith("coredrill demo --html demo.html")
    ((words, picture),) = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", first)
    assert len(words.split()) > 10
    content = (ROOT / picture).read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert (int.from_bytes(content[16:20]), len(content) < PICTURE_BYTES_MAX) == (1280, True)


def test_packages_are_regular_packages() -> None:
    """simcore and chaos have an __init__.py all the way down, so that nothing on the path can be mixed into them."""
    folders = {p.parent for package in ("simcore", "chaos") for p in (ROOT / package).rglob("*.py")}
    assert [f.relative_to(ROOT).as_posix() for f in sorted(folders) if not (f / "__init__.py").is_file()] == []


def test_test_folders_do_not_shadow_the_packages() -> None:
    """tests/simcore and tests/chaos have no __init__.py: pytest would import them as the packages they test."""
    assert [p.name for package in ("simcore", "chaos") for p in (ROOT / "tests" / package).glob("__init__.py")] == []


def test_scenarios_hold_data_only() -> None:
    """Below scenarios are YAML files and their JSON schemas; no code but an empty __init__.py."""
    files = [p for p in (ROOT / "scenarios").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    odd = [
        p
        for p in files
        if p.suffix not in {".yaml", ".json", ".md"} and not (p.name == "__init__.py" and not p.read_text().strip())
    ]
    assert odd == []


def test_shipped_yaml_names_its_schema() -> None:
    """Editors check every shipped YAML file, because its first line leads to its schema."""
    files = sorted((ROOT / "scenarios").rglob("*.y*ml"))
    faults = {p.relative_to(ROOT).as_posix(): modeline_fault(p.read_text(encoding="utf-8"), p) for p in files}
    assert {path: fault for path, fault in faults.items() if fault} == {}
    assert files


def test_bad_modelines_are_found(tmp_path: Path) -> None:
    """A missing modeline and one that is not defined are caught; a good one is not."""
    (tmp_path / "schema.json").touch()
    here = tmp_path / "a.yaml"
    assert modeline_fault("kind: architecture\n", here)
    assert modeline_fault("# yaml-language-server: $schema=gone.json\n", here)
    assert modeline_fault("# yaml-language-server: $schema=schema.json\nkind: architecture\n", here) is None


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link in the documentation has its file, and its heading."""
    assert broken_links(path.read_text(encoding="utf-8"), path) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    """A missing file and a missing heading are caught; addresses, code and good links are not."""
    page = tmp_path / "page.md"
    page.write_text("# A `b` title\n")
    text = "[1](gone.md) [2](page.md#nowhere) [3](page.md#a-b-title) [4](https://example.org)\n```\n[5](code.md)\n```\n"
    assert broken_links(text, tmp_path / "other.md") == ["gone.md", "page.md#nowhere"]


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to every page of the documentation."""
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    listed = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in LINK.findall(index)}
    assert [p.name for p in sorted((ROOT / "docs").rglob("*.md")) if p.resolve() not in listed and p.name != "README.md"] == []


def test_changelog_knows_this_version() -> None:
    """The changelog has a section for what is not released yet or for the version of pyproject.toml, and it is not empty."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+).*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert re.search(r"^- \S", sections.get("Unreleased", "") + sections.get(version, ""), re.MULTILINE)
