"""The one exception a user can cause."""


class UserError(ValueError):
    """A mistake in what the user gave us: one line on stderr, exit code 2, no traceback."""
