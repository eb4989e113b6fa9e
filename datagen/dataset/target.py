"""Where a data set is written: a folder, or any URL that fsspec knows (s3, gs, sftp ...).

Both hold named files and answer the same few calls, so that the builder need not know which it is.
A folder is the plain case: its files are whole or absent, it is locked while a build runs, and no
link in it leads out: what it holds may come from a stranger. A URL is read and written file by
file; rows go there scene by scene, since an object cannot grow.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from luts.tool.errors import UserError
from luts.tool.files import locked, read_plain, remove_scratch, whole_file
from luts.tool.gate import inside

from .manifest import MANIFEST

LOCK = ".lock"
ROWS = ".rows"  # at a URL: the rows of every finished scene while the build runs


class PlaceError(UserError):
    """A place that no data set can be written to; the message says why."""


@dataclass(frozen=True)
class Folder:
    """A folder on this machine, or one that all machines of a cluster share."""

    path: Path
    shared = True  # other processes see it

    def __str__(self) -> str:
        return str(self.path)

    def absolute(self) -> Folder:
        return Folder(self.path.absolute())

    def at(self, name: str) -> Path:
        """The path of a file; PlaceError when a link on the way to it leads out of the folder."""
        return _inside(self.path, name)

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError when it is not there."""
        return read_plain(self.at(name))

    def write(self, name: str, data: bytes) -> None:
        with whole_file(self._place_for(name)) as scratch:
            scratch.write_bytes(data)

    def keep(self, name: str, path: Path) -> None:
        """The same of a file that lies elsewhere on this machine, however large."""
        with whole_file(self._place_for(name)) as scratch:
            shutil.copyfile(path, scratch)

    def _place_for(self, name: str) -> Path:
        """The path to write a file at: its folder is checked, a link at its own name goes."""
        path = PurePosixPath(name)
        return _inside(self.path, str(path.parent)) / path.name

    def size(self, name: str) -> int | None:
        """Bytes of a file; None when there is none."""
        try:
            return self.at(name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_empty(self) -> bool:
        return all(entry.name == LOCK for entry in self.path.iterdir())

    def sweep(self) -> None:
        """Remove what killed workers were writing."""
        remove_scratch(self.path)

    def remove(self, name: str) -> None:
        self._place_for(name).unlink(missing_ok=True)

    def remove_tree(self, name: str) -> None:
        path = self._place_for(name)
        if path.is_symlink():
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)

    def files(self, place: str = "") -> set[str]:
        """Every file below a folder of the data set, by its name in the set."""
        return set(self.walk(place))

    def walk(self, place: str = "") -> Iterator[str]:
        """The same one after the other."""
        for folder, _, names in os.walk(self.path / place):  # links to folders are not followed
            for name in names:
                yield (Path(folder) / name).relative_to(self.path).as_posix()

    @contextmanager
    def here(self, names: Iterable[str]) -> Iterator[Path]:
        """A folder on this machine in which the named files lie, those that exist."""
        yield self.path

    @contextmanager
    def held(self) -> Iterator[Path]:
        """Keep other builders out, who are refused; gives the path of the growing manifest.

        The lock dies with its process.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self.path / LOCK))
            except BlockingIOError:
                raise PlaceError(f"{self}: another build is at work here; wait for it") from None
            yield self.path / MANIFEST

    def keep_rows(self, scene: str, lines: bytes) -> None:
        """Rows that have been appended to the manifest of `held` are here already."""

    def keep_manifest(self, path: Path) -> None:
        """So is the manifest itself."""


@dataclass(frozen=True)
class Remote:
    """A URL. There is no lock: a second builder of the same recipe would write the same bytes."""

    url: str

    def __str__(self) -> str:
        return self.url

    def __getstate__(self) -> dict[str, str]:
        return {"url": self.url}  # every process opens its own connection

    def absolute(self) -> Remote:
        return self

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system and the path that the URL stands for."""
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise PlaceError(
                f"{self.url}: a URL needs fsspec: pip install 'tonebench[remote]'"
            ) from None
        try:
            return url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise PlaceError(f"{self.url}: {error}") from None

    @property
    def shared(self) -> bool:
        return self._opened[0].protocol != "memory"

    def read(self, name: str) -> bytes:
        system, path = self._at(name)
        with self._plain_errors(name):
            return system.cat_file(path)

    def write(self, name: str, data: bytes) -> None:
        system, path = self._at(name)
        with self._plain_errors(name):
            try:
                system.pipe_file(path, data)
            except FileNotFoundError:  # object stores have no folders to be missing
                system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
                system.pipe_file(path, data)

    def keep(self, name: str, path: Path) -> None:
        self.write(name, path.read_bytes())

    def size(self, name: str) -> int | None:
        system, path = self._at(name)
        with contextlib.suppress(FileNotFoundError), self._plain_errors(name):
            return system.info(path)["size"]
        return None

    def is_empty(self) -> bool:
        return not self.files()

    def sweep(self) -> None:
        """Nothing is written beside a file here."""

    def remove(self, name: str) -> None:
        system, path = self._at(name)
        with contextlib.suppress(FileNotFoundError), self._plain_errors(name):
            system.rm_file(path)

    def remove_tree(self, name: str) -> None:
        system, path = self._at(name)
        with contextlib.suppress(FileNotFoundError), self._plain_errors(name):
            system.rm(path, recursive=True)

    def files(self, place: str = "") -> set[str]:
        system, path = self._at(place)
        root = self._opened[1].rstrip("/") + "/"
        with self._plain_errors(place):
            system.invalidate_cache()
            return {found.removeprefix(root) for found in system.find(path)}

    def walk(self, place: str = "") -> Iterator[str]:
        yield from self.files(place)

    @contextmanager
    def here(self, names: Iterable[str]) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    target.write_bytes(self.read(name))
            yield Path(folder)

    @contextmanager
    def held(self) -> Iterator[Path]:
        with self.here([MANIFEST]) as folder:
            with (folder / MANIFEST).open("ab") as stream:
                for name in sorted(self.files(ROWS)):
                    stream.write(self.read(name))
            yield folder / MANIFEST

    def keep_rows(self, scene: str, lines: bytes) -> None:
        self.write(f"{ROWS}/{scene}.jsonl", lines)

    def keep_manifest(self, path: Path) -> None:
        self.write(MANIFEST, path.read_bytes())
        self.remove_tree(ROWS)

    def _at(self, name: str) -> tuple[Any, str]:
        system, root = self._opened
        return system, f"{root.rstrip('/')}/{name}".rstrip("/")

    @contextmanager
    def _plain_errors(self, name: str) -> Iterator[None]:
        """Turn what a file system may raise into an OSError with number, words and place."""
        where = f"{self.url.rstrip('/')}/{name}"
        try:
            yield
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", where) from None
        except Exception as error:
            number, words = getattr(error, "errno", None), getattr(error, "strerror", None)
            words = words or " ".join(f"{type(error).__name__} {error}".split())
            raise OSError(number or errno.EIO, words, where) from error


def _inside(folder: Path, name: str) -> Path:
    """The path of `name` below a folder, or PlaceError when links lead it elsewhere."""
    try:
        return inside(folder, name)
    except ValueError as error:
        raise PlaceError(str(error)) from None


Target = Folder | Remote


def open_target(place: Target | Path | str) -> Target:
    """The target a user names: a URL has "://" in it, anything else is a folder.

    Raises PlaceError when fsspec, or what it needs for the URL, is missing.
    """
    if isinstance(place, Folder | Remote):
        return place
    if "://" not in str(place):
        return Folder(Path(place))
    target = Remote(str(place).rstrip("/"))
    _ = target.shared  # opens it: now, and not in every worker, is the time to say it cannot be
    return target
