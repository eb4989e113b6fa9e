"""Linear light becomes a picture, at any exposure; `datagen.develop(path, evs)` does it."""

from luts.tool.lazy import callable_package

callable_package(__name__, "file:develop_file")
