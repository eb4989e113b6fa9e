"""The studio in a browser that renders in software: how long a drag takes to show.

    python -m tests.speed.studio [--repeats N]

A preview of 960 x 640 pixels, all of it through the look; every number is the browser's own clock,
from the change of the look to the pixels (read back, so that they are there) and to the numbers.
On a busy machine these say little; `processor` is what all processes of the browser use for one
bake of the cube of 33 without anything kept, its upload, the drawing and the reading back: about
what a machine with nothing else to do takes from a drag to its pixels.
A GPU draws faster; the processor's share, baking the cube, is the same. The peer is the same page
without WebGL2, which looks every pixel up on the processor.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from luts.look import KINDS, Look, dump_look
from luts.studio.page import page
from tests import browser
from tests.looks import layer

LOOKS = {
    "exposure": (layer("exposure"),),
    "three layers": (layer("exposure"), layer("temperature"), layer("curves")),
    "six layers, first dragged": tuple(
        layer(kind)
        for kind in ("exposure", "temperature", "curves", "hue-vs-hue", "split-tone", "film")
    ),
    "six layers, last dragged": tuple(
        layer(kind)
        for kind in ("temperature", "curves", "hue-vs-hue", "split-tone", "film", "exposure")
    ),
    "every kind of layer": tuple(layer(kind, strength=0.4) for kind in KINDS),
}
GOAL_PIXELS, GOAL_NUMBERS, GOAL_BYTES = 150, 200, 3_000_000
_DRAG = """
const [repeats, place] = arguments, { timings } = studio;
const index = place === "last" ? studio.look.layers.length - 1 : 0;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
Object.assign(timings, { measuring: true, pixels: [], numbers: [] });
for (let k = 0; k < repeats; k++) {
  studio.store.change((look) => (look.layers[index].strength = 0.5 + 0.4 * Math.sin(k)), "drag");
  const seen = timings.pixels.length;
  while (timings.pixels.length === seen) await wait(4);
}
return timings.pixels;
"""
_ONCE = """
const { preview, look, view } = studio;
for (let k = 0; k < arguments[0]; k++) {
  preview.setCube(studio.bake(look, 33));
  preview.draw(view);
  preview.finish();
}
"""
_NUMBERS = """
const [repeats, place] = arguments, { timings } = studio;
const index = place === "last" ? studio.look.layers.length - 1 : 0;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
while (studio.pending) await wait(10);
timings.numbers.length = 0;
for (let k = 0; k < repeats; k++) {
  const seen = timings.numbers.length;
  studio.store.change((look) => (look.layers[index].strength = 0.5 + 0.3 * Math.cos(k)), "drag");
  while (timings.numbers.length === seen) await wait(4);
  while (studio.pending) await wait(10);
}
timings.measuring = false;
return timings.numbers;
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=24)
    args = parser.parse_args(argv)
    if lack := browser.missing():
        print(f"studio: not measured: {lack}")
        return 0
    html = page()
    pictures = sum(len(part.split('"')[0]) for part in html.split("data:image/")[1:])
    size = len(html.encode()) - pictures
    print(f"page without pictures {size / 1e6:.2f} MB, goal < {GOAL_BYTES / 1e6:g}")
    print(f"{'':28}{'pixels':>27}{'numbers':>18}{'pixels without WebGL2':>27}")
    pair = ("fastest", "median")
    heads = (*pair, "processor", *pair, *pair, "processor")
    shown = "".join(f"{head:>{9 + (head == 'processor')}}" for head in heads)
    print(f"{'a drag of, ms':28}{shown}")
    with tempfile.TemporaryDirectory() as folder, browser.Browser(1500, 1400) as session:
        path = Path(folder) / "studio.html"
        path.write_text(html, encoding="utf-8")
        found = {}
        for query in ("", "?cpu"):
            session.open(path.as_uri() + query)
            session.js(
                "Object.assign(document.querySelector('.canvas').style,"
                " { width: '960px', height: '640px', flex: 'none', border: '0' });"
            )
            session.wait("studio.preview.canvas.width === 960")
            session.click("[data-mode=after]")
            assert session.js("return studio.preview.canvas.height;") == 640
            for name, layers in LOOKS.items():
                session.js("studio.load(arguments[0]);", dump_look(Look(layers)))
                session.settle()
                place = "last" if "last" in name else "first"
                pixels = session.js(_DRAG, args.repeats, place)
                session.settle()
                before = session.processor_seconds()
                session.js(_ONCE, args.repeats)
                used = (session.processor_seconds() - before) / args.repeats * 1000
                found[name, query] = pixels, used, session.js(_NUMBERS, 8, place)
    for name in LOOKS:
        (pixels, used, numbers), (slow, slow_used, _) = found[name, ""], found[name, "?cpu"]
        row = [min(pixels), statistics.median(pixels), used, min(numbers)]
        row += [statistics.median(numbers), min(slow), statistics.median(slow), slow_used]
        print(f"{name:28}" + "".join(f"{x:{9 + (k in (2, 7))}.0f}" for k, x in enumerate(row)))
    print(f"{'goal':28}{'< ' + str(GOAL_PIXELS):>28}{'< ' + str(GOAL_NUMBERS):>18}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
