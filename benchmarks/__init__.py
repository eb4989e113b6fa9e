"""Score correction methods, region by region."""

from typing import TYPE_CHECKING

from luts.tool.lazy import front_door

_HOMES = {
    "Fix": "front",
    "METHODS": "methods",
    "METRICS": "metrics",
    "Pairs": "training.pairs",
    "UserError": "front",
    "apply": "front",
    "compare": "report.compare",
    "loader": "training.pairs",
    "method": "front",
    "run": "front",
    "score": "front",
    "train": "front",
    "verify": "harness.verify",
    "write_report": "report.write",
}


if TYPE_CHECKING:
    from luts.tool.errors import UserError

    from .front import Fix, apply, method, run, score, train
    from .harness.verify import verify
    from .methods import METHODS
    from .metrics import METRICS
    from .report.compare import compare
    from .report.write import write_report
    from .training.pairs import Pairs, loader

    __version__: str

__all__ = [
    "METHODS",
    "METRICS",
    "Fix",
    "Pairs",
    "UserError",
    "apply",
    "compare",
    "loader",
    "method",
    "run",
    "score",
    "train",
    "verify",
    "write_report",
]
__getattr__, __dir__ = front_door(__name__, _HOMES)
