"""The commands on files, as a user runs them: output, one line of error, exit codes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result

from chaos.cli import inspect
from chaos.cli.main import main
from chaos.documents.library import library
from chaos.documents.rendering import differences, to_yaml
from simcore.files.document import Node, Origin, parse_yaml, read_document
from simcore.files.loading import Resolved
from simcore.library import load_architecture
from simcore.model.architecture import Operation
from simcore.schema import json_schema

KINDS = library().kinds

SMALL = """\
kind: architecture
name: small
title: "Small: a test"
pools: {threads: {slots: 8}}
services:
  counter:
    pools: [threads]
    operations: {place: {steps: [{work: 5ms}, {work: {exponential: 1ms}}]}}
flows: {order: {steps: [{call: counter.place, timeout: 2s}]}}
"""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(SMALL)
    Path("b.yaml").write_text(
        "kind: architecture\nname: b\nextends: a.yaml\npatch:\n  - {set: pools.threads.slots, to: 4}\n"
        "  - {add: pools.more, value: {slots: 1}}\n  - {remove: 'flows.order.steps[counter.place].timeout'}\n"
    )
    Path("bad.yaml").write_text(SMALL.replace("slots: 8", "slots: x"))


def run(*arguments: str) -> Result:
    """Runs the command line in this process."""
    return CliRunner().invoke(main, list(arguments))


def test_validate_tells_good_from_bad() -> None:
    """Every file is checked; a bad one is one line on stderr, and the exit code is 2."""
    good = run("validate", "a.yaml", "b.yaml", "staging")
    assert (good.exit_code, good.stdout, good.stderr) == (0, "a.yaml: sound\nb.yaml: sound\nstaging: sound\n", "")
    both = run("validate", "bad.yaml", "a.yaml", "gone.yaml")
    assert (both.exit_code, both.stdout) == (2, "a.yaml: sound\n")
    assert both.stderr == (
        "bad.yaml:4:26: pools.threads.slots: a whole number is needed, or must be 'unlimited' (value: 'x')\n"
        "gone.yaml: no such file; check the path\n"
    )


def test_validate_under_a_workload() -> None:
    """With --workload an architecture is also checked against the load it is meant for."""
    Path("w.yaml").write_text("kind: workload\nname: w\nflows: {ordr: {rate: 1/s}}\n")
    result = run("validate", "a.yaml", "--workload", "w.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("w.yaml:3:9: flows.ordr: there is no flow of the architecture 'ordr'")


@pytest.mark.parametrize(
    "arguments",
    [
        ["frob"],
        ["validate"],
        ["show", "gone"],
        ["show", "a.yaml", "--set", "x"],
        ["list", "planets"],
        ["schema", "x"],
        ["--frob"],
        ["show", "."],
        ["show", "bad.yaml"],
        ["diff", "a.yaml", "bad.yaml"],
        ["show", "a.yaml", "--environment", "x"],
        ["list", "workloads", "--json", "a.yaml/dir"],
    ],
    ids=" ".join,
)
def test_mistake_is_one_line_and_exit_2(arguments: list[str]) -> None:
    """Bad input and bad usage alike are one line on stderr, nothing on stdout, exit code 2."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1, result.stderr


def test_show_gives_an_overview() -> None:
    """Without options an architecture is shown at a glance."""
    text = run("show", "a.yaml").stdout
    assert "threads: 8 slots, queue unbounded, fifo" in text
    assert "counter: 1, on threads; place" in text


def test_show_resolved_names_every_origin() -> None:
    """Each value has the layer, file and line it comes from."""
    text = run("show", "b.yaml", "--resolved", "--environment", "staging", "--set", "services.counter.replicas=3").stdout
    assert "    slots: 2  # environment staging/topology, " in text
    assert "  more:\n    slots: 1  # " in text
    assert "replicas: 3  # command line, --set services.counter.replicas=3" in text
    assert "name: b  # base, b.yaml:2" in text
    values = [line for line in text.splitlines() if not line.rstrip().endswith(":")]
    assert all("  # " in line for line in values)


def test_every_kind_of_file_is_known_to_the_commands() -> None:
    """`schema` prints that of each, and `list` has the shipped files of each."""
    assert set(inspect.KINDS) == set(KINDS)
    assert set(inspect.LISTS.values()) == set(KINDS)


@pytest.mark.parametrize("kind", list(KINDS))
def test_resolved_yaml_reads_back(kind: str) -> None:
    """What `show --resolved` prints of a shipped file is the same document again, here and for an independent reader."""
    for name in library().shipped(kind):
        resolved = library().resolve(name, KINDS[kind].model)
        text = to_yaml(resolved.tree, origins=True)
        assert parse_yaml(text, name, "base").plain() == resolved.document


@pytest.mark.parametrize(
    "word",
    [
        "",
        "no",
        "1:30",
        "7",
        "a: b",
        "a #b",
        "- x",
        "é中\u2028\x85\ufeff",
        "\U0001f600",
        "'\"\\",
        "a\nb",
        "~",
        "1e5",
        "---",
        "-",
        "*",
        " a",
        "9" * 30,
    ],
)
def test_awkward_text_reads_back(word: str) -> None:
    """Text that looks like something else is quoted, as value and as key."""
    tree = Node.of({"k": word, word: [word, {"x": [word]}], "e": [{}, [], [[1]], None, True, 1.5]}, Origin("base", "f"))
    assert parse_yaml(to_yaml(tree, origins=True), "f", "base").plain() == tree.plain()


def test_diff_tells_each_change_once() -> None:
    """Changed, added and removed values are told by path; the other way round they swap."""
    assert run("diff", "a.yaml", "b.yaml").stdout.splitlines() == [
        "~ name: small → b",
        "~ pools.threads.slots: 8 → 4",
        "- flows.order.steps[counter.place].timeout: 2s",
        "+ pools.more.slots: 1",
    ]
    assert "- pools.more.slots: 1" in run("diff", "b.yaml", "a.yaml").stdout
    same = run("diff", "a.yaml", "a.yaml")
    assert (same.exit_code, same.stdout) == (0, "")


def test_diff_sees_order() -> None:
    """Steps in another order are a difference."""
    a, b = (parse_yaml(f"steps: [{x}]", "f", "base") for x in ("{call: a.b}, {call: c.d}", "{call: c.d}, {call: a.b}"))
    operation = Operation(steps=[])
    assert differences(Resolved(operation, a), Resolved(operation, b)) == ["~ steps: other order"]


@pytest.mark.parametrize("what", ["architectures", "workloads", "environments"])
def test_list_names_what_is_shipped(what: str) -> None:
    """The listing has every shipped file, and in JSON is a list of objects with a name."""
    names = [entry["name"] for entry in json.loads(run("list", what, "--json", "-").stdout)]
    assert names == list(library().shipped(what.removesuffix("s")))
    assert [line.split()[0] for line in run("list", what).stdout.splitlines()] == names


@pytest.mark.parametrize("kind", list(KINDS))
def test_shipped_files_satisfy_their_schema(kind: str) -> None:
    """Every shipped file passes the JSON Schema that editors use; a planted mistake does not."""
    validator = jsonschema.Draft202012Validator(json_schema(KINDS[kind]))
    jsonschema.Draft202012Validator.check_schema(validator.schema)
    shipped = library().shipped(kind)
    for name, path in shipped.items():
        document = read_document(path, "base").plain()
        assert [f"{name}: {e.json_path}: {e.message}" for e in validator.iter_errors(document)] == []
        assert not validator.is_valid(document | {"planted": 1})


def test_schema_takes_short_forms_and_extensions() -> None:
    """A bare duration is a distribution; a file that extends another needs nothing but a patch."""
    validator = jsonschema.Draft202012Validator(json_schema(KINDS["architecture"]))
    small = parse_yaml(SMALL, "f", "base").plain()
    assert validator.is_valid(small)
    small["services"]["counter"]["operations"]["place"]["steps"][0]["work"] = 5
    assert not validator.is_valid(small)
    assert validator.is_valid(parse_yaml(Path("b.yaml").read_text(), "f", "base").plain())
    assert not validator.is_valid({"kind": "architecture", "name": "x", "extends": "a", "patch": [{"sett": "a", "to": 1}]})


@pytest.mark.parametrize("kind", list(KINDS))
def test_schema_files_are_current(kind: str, root: Path) -> None:
    """docs/schema holds what `coredrill schema` prints."""
    printed = run("schema", kind).stdout
    assert (root / f"docs/schema/{kind}.json").read_text(encoding="utf-8") == printed, (
        f"coredrill schema {kind} > docs/schema/{kind}.json"
    )


def test_closed_pipe_is_quiet() -> None:
    """A reader that goes away early, such as head, ends the command without a word."""
    program = "from chaos.cli.main import main; main(['schema', 'architecture'])"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that takes nothing")
@pytest.mark.parametrize(
    "words",
    [
        ["schema", "architecture"],
        ["list", "faults"],
        ["--help"],
        ["validate", "smoke"],
        ["run", "requirements/smoke/small-bank-slow", "--no-causes"],
        ["run", "requirements/smoke/small-bank-slow", "--no-causes", "--json", "-"],
    ],
)
def test_full_output_is_one_sentence(words: list[str]) -> None:
    """A standard output that takes nothing, such as a file on a full disk, is said in one sentence."""
    with Path("/dev/full").open("w") as full:
        program = f"from chaos.cli.main import main; main({words!r})"
        ended = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, env=_environment(), check=False
        )
    said = ended.stderr.decode().splitlines()[-1:]
    assert (ended.returncode, said) == (2, ["standard output cannot be written: the disk is full"])
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["simulate", "run"])
def test_a_full_disk_is_one_sentence(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A journal that cannot be written, and whatever else meets a full disk."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space")

    here = sorted(tmp_path.glob("**/*.*"))
    monkeypatch.setattr("simcore.journal.writer.write_arrays", full)
    words = {
        "simulate": ["simulate", "textbook/mm1", "--workload", "textbook/open-800", "--window", "10:00-10:01"],
        "run": ["run", "requirements/smoke/small-bank-slow"],
    }[command]
    with pytest.raises(SystemExit) as end:
        main([*words, "--journal", str(tmp_path / "kept")])
    said = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 2
    assert said.endswith(": the journal cannot be written: the disk is full")
    assert sorted(tmp_path.glob("**/*.*")) == here


def test_a_disk_that_is_full_is_no_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it is met."""

    @click.command()
    def fill() -> None:
        raise OSError(errno.ENOSPC, "No space", "some/file")

    monkeypatch.setitem(main.commands, "fill", fill)
    with pytest.raises(SystemExit) as end:
        main(["fill"])
    assert (end.value.code, capsys.readouterr().err) == (2, "some/file: it cannot be written: the disk is full\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that takes nothing")
def test_full_output_leaves_another_mistake_as_it_is() -> None:
    """What was found is said, not what could not be printed before."""
    program = "import click\nfrom chaos.cli.main import main\n@main.command()\ndef half():\n    click.echo('half', nl=False)\n"
    program += "    raise click.UsageError('no more')\nmain(['half'])"
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, env=_environment(), check=False
        )
    assert ended.returncode == 2
    assert b"Exception ignored" not in ended.stderr


@pytest.mark.parametrize("command", ["run", "sweep", "compare"])
def test_seeds_beyond_the_last_are_refused_before_anything_runs(command: str) -> None:
    """Every seed of a command is one that replay takes."""
    scenario = "requirements/smoke/small-bank-slow"
    given = {
        "run": [scenario],
        "sweep": [scenario, "--vary", "load=1,2"],
        "compare": [scenario, "--architectures", "legacy-coupled,options/bulkheads"],
    }[command]
    ended = run(command, *given, "--seed", str(2**63 - 1), "--replications", "2")
    assert ended.exit_code == 2
    assert "there is no seed 9223372036854775808: the last is 9223372036854775807; seeds follow" in ended.stderr


def test_interrupt_while_loading_is_130() -> None:
    """Ctrl-C before there is a command to interrupt."""
    program = (
        "import importlib.abc, runpy, sys\n"
        "class Interrupts(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'chaos.cli.main':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "runpy.run_module('chaos', run_name='__main__')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"interrupted\n")


def test_interrupt_is_130() -> None:
    """Ctrl-C ends with 130 and one word."""
    program = (
        "import time, click\nfrom chaos.cli.main import main\n"
        "@main.command()\ndef nap():\n    click.echo('ready')\n    time.sleep(60)\n"
        "main(['nap'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (begun in the background it is ignored)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stderr.read()) == (130, b"interrupted\n")


def test_our_own_fault_is_3() -> None:
    """An exception that is no user's mistake ends with 3, a traceback and a line that says whose fault it is."""
    program = "from chaos.cli.main import main\n@main.command()\ndef crash():\n    1 / 0\nmain(['crash'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=_environment())
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "coredrill: a bug in coredrill: ZeroDivisionError: division by zero"


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONUNBUFFERED": "1"}


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("scenarios: [{ scenario: requirements/smoke/healthy-opn }]", "4:25: scenario: no scenario is called"),
        ("scenarios: [{ scenario: 'requirements/smok/*' }]", "4:25: no scenario matches"),
        ("scenarios: [{ scenario: ./gone.yaml }]", "4:25: scenario: "),
        (
            "scenarios: [{ scenario: requirements/smoke/healthy-open, architecture: legacy }]",
            "4:72: architecture: no architecture",
        ),
        ("pairs: [{ name: n, at_least: 0, a: { scenario: nothing }, b: { scenario: nothing } }]", "4:48: scenario: no scenario"),
    ],
)
def test_a_dangling_name_in_a_suite_has_its_place(tmp_path: Path, entries: str, says: str) -> None:
    """Names, patterns and paths that match nothing, on their own and in pairs."""
    path = tmp_path / "suite.yaml"
    path.write_text(f"kind: suite\nname: s\ntitle: s\n{entries}\n")
    for command in ("suite", "validate"):
        result = CliRunner().invoke(main, [command, str(path)])
        assert result.exit_code == 2
        assert f"suite.yaml:{says}" in result.stderr


def test_documented_patch_works(root: Path) -> None:
    """The patch that docs/files.md shows applies to the shipped architecture it extends."""
    example = (root / "docs/files.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    Path("example.yaml").write_text(example)
    changed = load_architecture("example.yaml").services["counter"]
    assert (changed.replicas, changed.contention) == (4, 0.02)
