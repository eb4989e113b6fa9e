"""Files that exist whole or not at all, are never written through a link, and their hashes."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

NOT_PLAIN = "is a pipe or a device; give a plain file"
MOST_STEM = 100  # characters of a scratch file's name that tell what it will be


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a scratch path in the same folder that becomes `path` only if the block succeeds.

    The scratch file is made here, empty, under a name nobody can know, so that no link planted by
    another and no process with the same number elsewhere is in its way. It keeps the suffix, which
    image writers go by. A link that stands at `path` is replaced, not followed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(6)
    scratch = path.with_name(f".{path.stem[:MOST_STEM]}.{token}.part{path.suffix}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        os.close(os.open(scratch, flags, 0o666))  # inside: a signal just after it leaves nothing
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def open_no_link(path: Path, flags: int) -> int:
    """Open a plain file, made when it is missing, and never through a link; nothing is cut off.

    Parameters
    ----------
    flags : os.O_RDWR, os.O_WRONLY | os.O_APPEND and the like

    Returns
    -------
    A file descriptor.

    Raises
    ------
    OSError
        ELOOP: it is a link; EPERM: a pipe or device; else as `os.open`.
    """
    wanted = flags | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, wanted, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise OSError(errno.ELOOP, "is a link; take it away", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EPERM, "is no plain file; take it away", str(path))
    return descriptor


def open_plain(path: Path | str) -> BufferedReader:
    """Open a plain file to read: a pipe or device, which may never end, is refused at once.

    Links are followed.

    Raises
    ------
    OSError
        EPERM: a pipe, a device or a socket; EISDIR: a folder; else as `os.open`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EPERM, NOT_PLAIN, str(path))


def read_plain(path: Path | str) -> bytes:
    """The bytes of a plain file; raises as `open_plain`."""
    with open_plain(path) as stream:
        return stream.read()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, made when it is missing, never through a link; it dies with its process.

    Raises BlockingIOError when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(open_no_link(path, os.O_RDWR), "rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def open_to_append(path: Path) -> int:
    """Open a file for appending, never through a link; one with a second name gets its own copy.

    Returns a file descriptor, opened for reading too.
    """
    flags = os.O_RDWR | os.O_APPEND
    descriptor = open_no_link(path, flags)
    if os.fstat(descriptor).st_nlink == 1:
        return descriptor
    with (  # a hard link
        os.fdopen(descriptor, "rb") as shared,
        whole_file(path) as own,
        own.open("wb") as target,
    ):
        shutil.copyfileobj(shared, target)
    return open_no_link(path, flags)


def remove_scratch(folder: Path) -> None:
    """Remove what killed processes were writing below a folder; links are not followed."""
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and ".part" in name:
                with contextlib.suppress(FileNotFoundError):
                    Path(place, name).unlink()


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    with whole_file(path) as scratch:
        scratch.write_text(text, encoding="utf-8")


def sha256(data: bytes) -> str:
    """SHA-256 of some bytes, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with open_plain(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
