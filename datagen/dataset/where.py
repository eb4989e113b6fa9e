"""Which samples are meant: a condition on the columns of a manifest, such as 'ev < 0'.

Names, numbers, texts, comparisons, `in`, `and`, `or`, `not`: nothing that could run code.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from luts.tool.errors import UserError
from luts.tool.words import nearest, shown

from .rows import Sample

Condition = Callable[[Sample], bool]
MOST_TEXT = 2000  # characters

FIELDS: Mapping[str, Callable[[Sample], Any]] = {
    "id": lambda row: row.id,
    "scene": lambda row: row.scene,
    "group": lambda row: row.group,
    "split": lambda row: row.split,
    "ev": lambda row: row.ev,
    "distortion": lambda row: row.distortion_name,
    "severity": lambda row: 0.0 if row.distortion is None else row.distortion.severity,
    "image_severity": lambda row: 0.0 if row.distortion is None else row.distortion.image_severity,
    "mask": lambda row: row.mask.kind,
    "coverage": lambda row: row.coverage.A,
    "coverage_b": lambda row: row.coverage.B,
    "coverage_c": lambda row: row.coverage.C,
    "camera": lambda row: row.camera,
    "licence": lambda row: row.licence,
    "width": lambda row: row.width,
    "height": lambda row: row.height,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda value, choices: value in choices,
    ast.NotIn: lambda value, choices: value not in choices,
}


class WhereError(UserError):
    """A condition that cannot be understood; the message quotes the part."""


def parse_where(text: str) -> Condition:
    """Turn a condition into a function of a row.

    Parameters
    ----------
    text : such as "ev < 0 and severity > 5", "split == 'test'", "mask in ('circle', 'matte')";
        names are those of FIELDS. An exposure that is not known is `None`; it is less or greater
        than nothing.

    Raises
    ------
    WhereError : not a condition, an unknown name, or kinds that cannot be compared
    """
    if len(text) > MOST_TEXT:
        raise WhereError(f"--where: must be up to {MOST_TEXT} characters, got {len(text)}")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise WhereError(
            f"--where: {shown(text)} is no condition; one is 'ev < 0 and severity > 5'"
        ) from None
    _check(tree, text)

    def holds(row: Sample) -> bool:
        try:
            return bool(_value(tree, row))
        except TypeError:
            raise WhereError(f"--where: {shown(text)} compares a text with a number") from None

    return holds


def _check(node: ast.expr, text: str) -> None:
    """Refuse what is not in the language, before any row is read."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check(part, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        _check(node.operand, text)
    elif isinstance(node, ast.Compare):
        for part in (node.left, *node.comparators):
            _check(part, text)
        if not all(type(op) in _COMPARE for op in node.ops):
            raise WhereError(f"--where: {shown(text)}: 'is' is not known; use ==")
    elif isinstance(node, ast.Tuple | ast.List):
        for item in node.elts:
            _check(item, text)
    elif isinstance(node, ast.Name):
        if node.id not in FIELDS:
            raise WhereError(f"--where: no column {shown(node.id)}{nearest(node.id, FIELDS)}")
    elif not (isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None)):
        said = ast.get_source_segment(text, node) or text
        raise WhereError(f"--where: {shown(said)} is more than a condition; see --help")


def _value(node: ast.expr, row: Sample) -> Any:
    if isinstance(node, ast.BoolOp):
        parts = (_value(part, row) for part in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, row)
        return not value if isinstance(node.op, ast.Not) else -value
    if isinstance(node, ast.Compare):
        values = [_value(part, row) for part in (node.left, *node.comparators)]
        pairs = zip(values, node.ops, values[1:], strict=False)
        return all(_holds(left, op, right) for left, op, right in pairs)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_value(part, row) for part in node.elts)
    if isinstance(node, ast.Name):
        return FIELDS[node.id](row)
    assert isinstance(node, ast.Constant)
    return node.value


def _holds(left: Any, op: ast.cmpop, right: Any) -> bool:
    if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) and None in (left, right):
        return False
    return _COMPARE[type(op)](left, right)
