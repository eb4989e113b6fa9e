"""Methods that are not of this project: a function or network of the user, or of a package.

    my.py:brighten        a function on (H, W, 3) float32 arrays, encoded; one that has a parameter
                          `regions` is given the (H, W) uint8 labels as well
    my.py:Net             a torch.nn.Module class: tensors (N, 3, H, W) to tensors; one whose
                          `forward` has a parameter `regions` is given (N, 2, H, W) maps as well
    package.module:name   the same of anything that can be imported
    mine=my.py:brighten   called "mine" in tables
    my.py:brighten+blend  the same, blended with the input by the region map

A package offers methods under names of their own by entry points of the group "tonebench.methods",
each "package.module:name".
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import replace
from functools import cache
from typing import Any

from luts.tool import gate
from luts.tool.isolation import isolated
from luts.tool.outside import METHODS, OutsideError, beside, load_target, offered

from .method import Method, MethodError

SPEC = re.compile(
    r"(?:(?P<name>[^=:]+)=)?(?P<target>[^=:@]+:(?P<attribute>\w+))(?P<blend>\+blend)?"
)


def is_outside(name: str) -> bool:
    """Whether a name says where a method is to be found, instead of being one of METHODS."""
    return SPEC.fullmatch(name) is not None


def from_outside(spec: str) -> tuple[str, Method]:
    """Make the row of a method from outside.

    Returns
    -------
    (its name in tables: the attribute's where none is given, the row)

    Raises
    ------
    MethodError when it cannot be imported, or is neither a function nor a network.
    """
    match = SPEC.fullmatch(spec)
    if match is None:
        raise MethodError(f"{spec!r}: give FILE.py:NAME or package.module:NAME")
    name, row = checked_name(match["name"] or match["attribute"]), row_of(match["target"])
    if not match["blend"]:
        return name, row
    summary = f"{name} blended in linear light by the region map"
    row = replace(row, summary=summary, region_aware=True, blend_of=name)
    return f"{name}+blend", row


def checked_name(name: str) -> str:
    """A name that can be a row and a folder; MethodError says why it cannot."""
    try:
        return gate.plain_name(name)
    except ValueError as error:
        raise MethodError(f"method name: {error}") from None


@cache
def row_of(target: str) -> Method:
    """The row of "file.py:attribute" or "module:attribute": what it is, told by looking at it."""
    try:
        found = load_target(target)
    except OutsideError as error:
        raise MethodError(str(error)) from error
    summary = next(iter((inspect.getdoc(found) or "").splitlines()), "")[:100] or target
    if _is_network(found):
        made = found if not isinstance(found, type) else _built(target, found)
        return Method(
            target,
            "model",
            summary,
            parameters=sum(p.numel() for p in made.parameters() if p.requires_grad),
            trained=isinstance(found, type) and any(True for _ in made.parameters()),
            region_aware=takes_regions(made.forward),
        )
    if not callable(found):
        raise MethodError(f"{target}: is a {type(found).__name__}; give a function or a network")
    return Method(target, "classical", summary, region_aware=takes_regions(found))


def takes_regions(function: Any) -> bool:
    """Whether a function has a parameter called `regions`."""
    try:
        return "regions" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C: it does not say
        return False


@cache
def from_packages() -> dict[str, Method]:
    """The methods that installed packages offer, by name; one that cannot be imported is left."""
    found = {}
    for name, target in offered(METHODS).items():
        try:
            found[name] = row_of(target)
        except MethodError as error:
            print(f"entry point {name}: {error}", file=sys.stderr)
    return found


def _is_network(found: Any) -> bool:
    torch = sys.modules.get("torch")  # what is no torch code has not imported it
    if torch is None:
        return False
    return isinstance(found, torch.nn.Module) or (
        isinstance(found, type) and issubclass(found, torch.nn.Module)
    )


def _built(target: str, make: Any) -> Any:
    try:
        with isolated("build", target.rpartition(":")[2]), beside(target):
            return make()
    except Exception as error:
        words = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        raise MethodError(f"{target}: cannot be built without arguments: {words}"[:300]) from error
