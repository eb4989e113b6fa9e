"""Turn camera raws into paired training sets for exposure and colour correction."""

from typing import TYPE_CHECKING

from luts.tool.lazy import front_door

_HOMES = {
    "DataSet": "dataset.read",
    "Lost": "dataset.rows",
    "Pair": "dataset.read",
    "Recipe": "recipe.load",
    "Resources": "build.driver",
    "Sample": "dataset.rows",
    "UserError": "raw.errors:UserError",
    "build": "build.driver",
    "develop": "develop.file:develop_file",
    "load_pair": "dataset.read",
    "load_recipe": "recipe.load",
    "open": "dataset.read:open_dataset",
    "pack": "dataset.pack",
    "plan": "build.estimate:plan_recipe",
    "preview": "dataset.preview:write_preview",
    "read_raw": "raw.read",
    "read_rows": "dataset.manifest",
    "stats": "dataset.stats:write_stats",
    "stream": "streaming.stream",
    "verify": "dataset.verify",
}

if TYPE_CHECKING:
    from luts.tool.errors import UserError

    from .build.driver import Resources, build
    from .build.estimate import plan_recipe as plan
    from .dataset.manifest import read_rows
    from .dataset.pack import pack
    from .dataset.preview import write_preview as preview
    from .dataset.read import DataSet, Pair, load_pair
    from .dataset.read import open_dataset as open
    from .dataset.rows import Lost, Sample
    from .dataset.stats import write_stats as stats
    from .dataset.verify import verify
    from .develop.file import develop_file as develop
    from .raw.read import read_raw
    from .recipe.load import Recipe, load_recipe
    from .streaming.stream import stream

    __version__: str

__all__ = [
    "DataSet",
    "Lost",
    "Pair",
    "Recipe",
    "Resources",
    "Sample",
    "UserError",
    "build",
    "develop",
    "load_pair",
    "load_recipe",
    "open",
    "pack",
    "plan",
    "preview",
    "read_raw",
    "read_rows",
    "stats",
    "stream",
    "verify",
]
__getattr__, __dir__ = front_door(__name__, _HOMES)
