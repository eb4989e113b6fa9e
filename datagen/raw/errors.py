"""Why a raw file gives no picture. `status` is the word for the manifest."""

from __future__ import annotations

from typing import ClassVar

from luts.tool.errors import UserError


class RawError(UserError):
    """A raw file that gives no picture: path, what is wrong, what to do."""

    status: ClassVar[str] = "corrupt"


class RawUnreadableError(RawError):
    """Missing, a folder, or no permission."""

    status = "unreadable"


class RawUnsupportedError(RawError):
    """Not a raw file, or one that LibRaw cannot decode."""

    status = "skipped_unsupported"


class RawDamagedError(RawError):
    """A raw file whose pixels are missing or decode with errors."""

    status = "corrupt"


class RawTooLargeError(RawError):
    """Asks for more memory than there is, or than any sensor has."""

    status = "oom"
