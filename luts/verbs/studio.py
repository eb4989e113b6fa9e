"""`luts studio`: make a distortion by eye in the browser, with its numbers beside it."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import suppress
from functools import partial
from pathlib import Path

from ..studio.page import page
from ..studio.serve import make_server
from ..tool.errors import UserError
from ..tool.files import write_text


def run(args: Namespace) -> None:
    if args.serve is None:
        out = args.out or Path("studio.html")
        write_text(out, page(args.picture, args.lut))
        print(out)
        return
    if args.out is not None:
        raise UserError("--serve writes no page: leave out -o, or --serve")
    if not 0 <= args.serve < 65536:
        raise UserError(f"--serve {args.serve}: a port is 1 to 65535")
    if not args.folder.is_dir():
        raise UserError(f"--folder {args.folder}: no such folder")
    server, address = make_server(args.serve, args.folder, partial(page, args.picture, args.lut))
    with server:
        print(address, flush=True)
        print(f"saves into {args.folder.resolve()}; Ctrl+C ends it", file=sys.stderr)
        with suppress(KeyboardInterrupt):  # the way to end it
            server.serve_forever()
