"""A recipe becomes a data set."""
