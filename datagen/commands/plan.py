"""`datagen plan`: what a recipe would make; writes nothing."""

from __future__ import annotations

import argparse
import os
import sys

from .common import add_recipe

EXAMPLE = "datagen plan demo"


def configure(parser: argparse.ArgumentParser) -> None:
    add_recipe(parser)
    parser.add_argument("--list", action="store_true", help="also list every sample")


def run(args: argparse.Namespace) -> None:
    from ..build import lut_checks, plan
    from ..build.estimate import estimate
    from ..recipe.load import load_recipe
    from ..recipe.settings import SPLITS
    from ..sources import notes_on, read_source, source_folder
    from ..sources.matching import matched

    recipe = load_recipe(args.recipe, args.set, code=args.code)
    lut_checks.check_names(recipe)
    for note in lut_checks.lut_notes(recipe):
        print(note, file=sys.stderr)
    scenes = read_source(recipe.source)
    jobs, notes = plan.jobs(recipe, scenes)
    lut_checks.check_splits(recipe, (job.split for job in jobs))
    if args.list:
        for job in jobs:
            for sample in plan.samples(recipe, job.scene):
                print(f"{job.split}\t{sample.id}")
    found = estimate(recipe, jobs, source_folder(recipe.source))
    for split in SPLITS:
        print(f"{split:6} {found.scenes[split]:8d} scenes {found.samples[split]:9d} samples")
    print(f"total  {len(jobs):8d} scenes {found.samples.total():9d} samples")
    for line in matched(scenes):
        print(line)
    for note in [*notes, *notes_on(recipe.source, scenes)]:
        print(f"note: {note}")
    print(f"{found.groups} groups, at most {found.luts} LUTs")
    if found.bytes is None or found.worker_seconds is None:
        print("disk and time: not estimated, since the pictures keep their own size")
        return
    workers = os.cpu_count() or 1
    print(f"disk: about {found.bytes / 1e6:.0f} MB")
    print(f"time: about {found.worker_seconds / workers:.0f} s on {workers} workers")
