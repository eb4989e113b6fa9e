"""The command line shared by `luts`, `datagen` and `benchmarks`.

A verb is one module `<package>/commands/<verb>.py` (dashes become underscores) with

    EXAMPLE: str                      a command line that works, shown by --help
    configure(parser) -> None         adds its arguments
    TARGET: str                       "package.module:function" that does the work, given the
                                      arguments; it returns None or 0 for success

and one line in the package's VERBS table. Only the module of the verb asked for is imported, and
the target's only when it runs, so --help stays instant while every other file imports at its top.
A verb of a few lines may hold `run(args)` itself instead of a TARGET.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn, TextIO

from .errors import EndedError, UserError
from .gate import MOST_TEXT, plain_lines, plain_text

SUCCESS, PARTIAL, MISUSE, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one line, as everywhere else in the project."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parse(
    package: str, summary: str, verbs: Mapping[str, str], argv: Sequence[str]
) -> argparse.Namespace:
    """Parse a command line; `execute` in the result is the verb's function.

    Parameters
    ----------
    package : name of the package and of its command
    summary : one line for --help
    verbs : verb -> one line of help
    argv : arguments without the program's name

    Raises
    ------
    SystemExit with code 0 after --help, 2 after one line about the user's mistake.
    """
    parser = _Parser(prog=package, description=summary)
    choices = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    asked = next((word for word in argv if not word.startswith("-")), None)
    for verb, line in verbs.items():
        sub = choices.add_parser(
            verb, help=line, description=line, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if verb == asked:
            module = importlib.import_module(f"{package}.commands.{verb.replace('-', '_')}")
            sub.epilog = f"example:\n  {module.EXAMPLE}"
            module.configure(sub)
            sub.set_defaults(execute=_target(module))
    return parser.parse_args(argv)


def _target(module: ModuleType) -> Callable[[argparse.Namespace], Any]:
    """What a verb's module runs: its own `run`, or its TARGET, imported when it is called."""
    if not hasattr(module, "TARGET"):
        return module.run
    home, _, name = module.TARGET.partition(":")
    return lambda args: getattr(importlib.import_module(home), name)(args)


def run_program(
    package: str, summary: str, verbs: Mapping[str, str], argv: Sequence[str] | None = None
) -> int:
    """Run one verb of a package's command; parameters as for `parse`.

    Returns
    -------
    Exit code: 0 success, 1 something failed and was listed, 2 the user's mistake, 130 interrupted.
    SIGTERM ends the verb as an exception would, with 143.
    """
    try:
        args = parse(package, summary, verbs, list(sys.argv[1:] if argv is None else argv))
    except SystemExit as stop:  # argparse has printed its one line
        return int(stop.code or 0)
    except KeyboardInterrupt:
        print(f"{package}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return _guarded(f"{package} {args.verb}", args)


def _guarded(name: str, args: argparse.Namespace) -> int:
    """Turn the errors a user can cause into one line; let our own bugs keep their traceback."""
    try:
        with _plain_terminal(), _ended_in_order():
            return args.execute(args) or SUCCESS
    except UserError as error:
        print(f"{name}: {plain_text(str(error)[:MOST_TEXT])}", file=sys.stderr)
        return MISUSE
    except BrokenPipeError:  # `luts list | head`: keep the interpreter's final flush quiet as well
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS
    except OSError as error:
        if error.errno in (None, errno.EBADF, errno.EINVAL):
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(plain_text(f"{name}: {where}{error.strerror}"), file=sys.stderr)
        return MISUSE
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return INTERRUPTED


class _Terminal:
    """A stream to a terminal, on which names of files and what they hold steer nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(plain_lines(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _plain_terminal() -> Iterator[None]:
    """Show text as text where somebody looks; into a pipe or file, names go as they are."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Terminal(one) if one.isatty() else one for one in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the verb as an exception would, so that no half-written file stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_term(number: int, frame: object) -> NoReturn:
        raise EndedError(128 + number)

    before = signal.signal(signal.SIGTERM, on_term)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
