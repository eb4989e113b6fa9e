"""The LUT studio: make a distortion by eye in a browser, with its numbers beside it."""
