"""A recipe becomes a data set; `datagen.build(recipe, out)` does it."""

from luts.tool.lazy import callable_package

callable_package(__name__, "driver:build")
