""".cube files: grammar, reading, writing, lint."""
