"""`luts convert`: rewrite a LUT cleanly: another dialect, units, space, or one cube."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import numpy as np

from ..algebra import compose
from ..lut import Lut, Lut3D, LutFormatError, nodes, stages, triple, with_stages
from ..spaces import adapted
from ..tool.errors import UserError
from .common import check_size, read_lut, save, tell_loss

ADAPTED_SIZE = 33  # nodes of a LUT brought to sRGB that was coarser, or curves


def run(args: Namespace) -> None:
    lut = _divided(read_lut(args.lut), args.divide, args.divide_domain)
    if args.blue_fastest:
        if not isinstance(lut, Lut3D):
            raise UserError(f"{args.lut}: only the rows of a single cube can be in another order")
        lut = replace(lut, table=lut.table.transpose(2, 1, 0, 3))
    if args.input_space or args.output_space:
        lut = _for_srgb(lut, args)
    elif args.size is not None:
        check_size(args.size)
        exact, lut = lut, compose(lut, size=args.size)
        tell_loss(
            f"baked into one cube of {args.size}", exact, lut, lambda n: compose(exact, size=n)
        )
    save(lut, args.out, args.dialect, [args.lut])


def _divided(lut: Lut, table: float | None, domain: float | None) -> Lut:
    """Bring a table, and its domain, from code values to 0 to 1."""
    for flag, value in (("--divide", table), ("--divide-domain", domain)):
        if value is not None and not 0 < value < np.inf:
            raise UserError(f"{flag} {value}: a number above 0, such as 255")
    tables = list(stages(lut))
    if domain is not None:
        bounds = tables[0].domain_min, tables[0].domain_max
        low, high = (triple(np.array(bound) / domain) for bound in bounds)
        tables[0] = replace(tables[0], domain_min=low, domain_max=high)
    if table is not None:
        tables[-1] = replace(tables[-1], table=tables[-1].table / np.float32(table))
    return with_stages(lut, tables)


def _for_srgb(lut: Lut, args: Namespace) -> Lut3D:
    """A LUT of other spaces as one for sRGB pictures, baked."""
    size = args.size or max(ADAPTED_SIZE, stages(lut)[-1].size)
    check_size(min(size, 65) if args.size is None else size)
    size = size if args.size else min(size, 65)
    try:
        exact = adapted(lut, args.input_space or "srgb", args.output_space)
    except LutFormatError as error:
        raise UserError(f"{args.lut}: {error}") from None

    def bake(n: int) -> Lut3D:
        return Lut3D(exact(nodes(n)), title=lut.title, comments=lut.comments)

    baked = bake(size)
    tell_loss(f"for sRGB, one cube of {size}", exact, baked, bake)
    return baked
