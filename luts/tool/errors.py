"""The one exception a user can cause, and the one that ends a verb from outside."""


class UserError(ValueError):
    """A mistake in what the user gave us: one line on stderr, exit code 2, no traceback."""


class EndedError(SystemExit):
    """The process was asked to end, by SIGTERM: whatever is at work, somebody else's code too."""
