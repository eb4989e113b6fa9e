"""The command line: one line per mistake, the right exit code, no traceback for a user's error."""

from __future__ import annotations

import io
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path

import pytest

from luts.tool.command import _guarded, parse, run_program
from luts.tool.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def documented_commands() -> list[tuple[str, str]]:
    """Every line of a shell block in the documentation that calls one of our commands."""
    found = []
    for page in PAGES:
        for block in re.findall(
            r"```(?:sh|bash|shell|console)\n(.*?)```", page.read_text("utf-8"), re.S
        ):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.removeprefix("$ ").partition(" #")[0].partition(" | ")[0].strip()
                if line.split(" ")[0] in ("luts", "datagen", "benchmarks"):
                    found.append((page.name, line))
    return found


@pytest.mark.parametrize(("page", "line"), documented_commands())
def test_every_documented_command_line_parses(page, line):
    package, *argv = shlex.split(line.partition(">")[0])
    verbs = import_module(f"{package}.cli").VERBS
    assert callable(parse(package, "", verbs, argv).execute)


def test_examples_in_help_parse_too():
    for package in ("luts", "datagen", "benchmarks"):
        verbs = import_module(f"{package}.cli").VERBS
        for verb in verbs:
            module = import_module(f"{package}.commands.{verb.replace('-', '_')}")
            for line in module.EXAMPLE.replace(" && ", "\n").splitlines():
                argv = shlex.split(line.partition(" #")[0])
                assert argv[:2] == [package, verb], f"{package} {verb}: EXAMPLE is {line!r}"
                parse(package, "", verbs, argv[1:])


class Args:
    def __init__(self, execute):
        self.execute = execute


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("a.cube:3: not a number: 'x'"), "luts apply: a.cube:3: not a number: 'x'"),
        (PermissionError(13, "Permission denied", "/x"), "luts apply: /x: Permission denied"),
        (OSError(28, "No space left on device", "/y"), "luts apply: /y: No space left on device"),
    ],
)
def test_what_a_user_can_cause_is_one_line_and_exit_code_two(error, line, capsys):
    def run(args):
        raise error

    assert _guarded("luts apply", Args(run)) == 2
    assert capsys.readouterr().err == line + "\n"


def test_our_own_bugs_keep_their_traceback():
    def run(args):
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        _guarded("luts apply", Args(run))


def test_an_unknown_verb_is_one_line(capsys):
    assert import_module("luts.cli").main(["aply"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("package", ["luts", "datagen", "benchmarks"])
def test_every_target_is_a_function_that_exists(package):
    for verb in import_module(f"{package}.cli").VERBS:
        module = import_module(f"{package}.commands.{verb.replace('-', '_')}")
        if hasattr(module, "TARGET"):
            home, _, name = module.TARGET.partition(":")
            assert callable(getattr(import_module(home), name)), f"{package} {verb}"
        else:
            assert callable(module.run)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_name_steers_no_terminal_and_goes_into_a_pipe_as_it_is(stream, monkeypatch):
    name = "out/\x1b[31mred\u202egnp.cube"
    for pipe, shown in ((Terminal(), "out/\ufffd[31mred\ufffdgnp.cube\n"), (io.StringIO(), name)):
        monkeypatch.setattr(sys, stream, pipe)
        assert _guarded("luts list", Args(lambda _: print(name, file=getattr(sys, stream)))) == 0
        assert pipe.getvalue().startswith(shown) and getattr(sys, stream) is pipe


def test_ctrl_c_while_the_words_are_read_is_one_line(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("luts.tool.command.parse", interrupted)
    assert run_program("luts", "", {}, ["list"]) == 130
    assert capsys.readouterr().err == "luts: interrupted\n"
