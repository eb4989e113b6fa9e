""".cube files: grammar, reading, writing, lint."""

DIALECTS = ("iridas", "resolve")
