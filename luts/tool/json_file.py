"""One strict way to read a JSON file of strangers: bounded, and field by field."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from .errors import UserError
from .files import open_plain
from .readers import plain_json
from .strict import read_value
from .words import FieldError

Value = TypeVar("Value")


def read_json(
    cls: type[Value],
    path: Path,
    *,
    what: str,
    most_bytes: int,
    error: type[UserError],
    of_today: Callable[[Any], Any] = lambda table: table,
) -> Value:
    """Read a dataclass from a JSON file.

    Parameters
    ----------
    what : the file should be, for messages: "a run"
    most_bytes : a larger file is refused unread
    error : raised with file and field, what was found, what is allowed
    of_today : turns the table of an older version into today's

    Raises
    ------
    OSError
        The file is not there or is no file: the caller knows how one is made.
    """
    with open_plain(path) as stream:
        data = stream.read(most_bytes + 1)
    try:
        if len(data) > most_bytes:
            raise ValueError(f"larger than {most_bytes} bytes")
        return read_value(cls, of_today(plain_json(json.loads(data.decode("utf-8")))))
    except FieldError as found:
        raise error(f"{path}: {found}") from None
    except RecursionError:
        raise error(f"{path}: nested too deep to be {what}") from None
    except ValueError as found:
        raise error(f"{path}: not {what}: {found}") from None
