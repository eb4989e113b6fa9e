"""Render one scene: its references, its inputs at every EV, distorted or not, and its region maps.

This is what a worker does with a job. Nothing here depends on other scenes, on order or on time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from luts.tool.files import sha256
from luts.tool.gate import plain_text
from luts.tool.seeding import sample_rng
from luts.tool.strict import read_value
from luts.tool.versions import versions

from ..dataset import rows
from ..dataset.rows import Coverage, Distortion, Lost, Row, Sample, SourceFile
from ..dataset.summary import Summary, summarise
from ..dataset.target import Target
from ..engines.worker import TargetError
from ..images.codes import quantise
from ..images.files import encode
from ..recipe.load import Recipe
from ..recipe.settings import Mask
from ..regions import labels as masks
from ..regions.geometry import Guide
from ..regions.shapes import Drawn, Whole, follows_segmentation
from . import distort, plan
from .open_scene import open_scene
from .opened import OpenScene, OpenSceneError
from .plan import Job, Planned

SUFFIXES = {"png": ".png", "tiff": ".tif"}
MOST_REASON = 1000  # characters
EVERYTHING = Mask("whole", 1.0, Whole())


EVERY = object()


@dataclass(frozen=True)
class Written:
    """A picture in the data set's folder: what its rows say of it."""

    sha256: str
    summary: Summary


@dataclass(frozen=True)
class Renderer:
    """The work of a build: `renderer(job)` writes a scene's files and returns its rows."""

    recipe: Recipe
    source: Path  # the source's folder
    out: Target

    def __call__(self, job: Job) -> list[Row]:
        """Raises TargetError when the files cannot be written; a bad source becomes rows."""
        try:
            opened = open_scene(job.scene, self.source, self.recipe)
            planned = [
                sample
                for sample in plan.samples(self.recipe, job.scene)
                if sample.ev not in opened.lost
            ]
            drawn, lost = self._drawn(job, planned, opened)
        except OpenSceneError as error:
            return lost_rows(self.recipe, job, error.status, str(error))
        references: dict[str, str] = {}
        shared: dict[str, Written] = {}
        for name, reference in opened.references.items():
            references[name] = f"scenes/{job.scene.name}/reference_{name}{self._suffix}"
            shared[references[name]] = self._write(references[name], reference.codes)
        made = [
            self._row(job, sample, opened, drawn[sample.id], references, shared)
            for sample in planned
            if sample.id in drawn
        ]
        for ev, (status, reason) in opened.lost.items():
            lost += lost_rows(self.recipe, job, status, reason, ev=ev)
        return [*made, *lost]

    def _drawn(
        self, job: Job, planned: Sequence[Planned], opened: OpenScene
    ) -> tuple[dict[str, tuple[str, Drawn]], list[Row]]:
        """The region maps by sample, and rows of those whose own mask cannot be used."""
        drawn: dict[str, tuple[str, Drawn]] = {}
        lost: list[Row] = []
        for sample in planned:
            try:
                guide = opened.guide(sample.mask)
                drawn[sample.id] = draw_regions(self.recipe, sample.id, opened.size, guide)
            except OpenSceneError as error:
                if sample.mask is None:
                    raise
                lost.append(_lost(self.recipe, job, sample, error.status, str(error)))
        return drawn, lost

    def _row(
        self,
        job: Job,
        sample: Planned,
        opened: OpenScene,
        drawn: tuple[str, Drawn],
        references: Mapping[str, str],
        shared: Mapping[str, Written],
    ) -> Sample:
        """Make and write one sample; returns its manifest row."""
        kind, mask = drawn
        written, hashes, distortion = dict(shared), {}, None
        if sample.block is None:
            codes = opened.codes(sample.ev, self.recipe.output.bits)
        else:
            codes, distortion, digest = self._distort(
                job, sample, sample.block, opened.encoded(sample.ev)
            )
            hashes[distortion.lut] = digest
        path, regions = f"scenes/{sample.id}{self._suffix}", f"scenes/{sample.id}_regions.png"
        written[path] = self._write(path, codes)
        written[regions] = self._write(regions, mask.regions)
        hashes.update({name: file.sha256 for name, file in written.items()})
        height, width = opened.size
        return Sample(
            **_identity(job, sample),
            distortion=distortion,
            input=path,
            regions=regions,
            references=references,
            sha256=hashes,
            mask=rows.Mask(kind, {**mask.parameters, **_which(job, sample)}),
            coverage=Coverage(**masks.coverage(mask.regions)),
            width=width,
            height=height,
            bits=self.recipe.output.bits,
            source=opened.source,
            develop=opened.develop,
            licence=plain_text(job.scene.licence),
            camera=plain_text(opened.camera),
            notes=opened.notes,
            pictures={name: file.summary for name, file in written.items()},
            facts={
                **opened.facts,
                **opened.matte_facts(sample.mask, job.scene),
                "clipped": _clipped(codes),
                "seed": self.recipe.seed,
                "versions": versions(),
            },
        )

    def _distort(
        self, job: Job, sample: Planned, block: int, encoded: np.ndarray
    ) -> tuple[np.ndarray, Distortion, str]:
        """Apply the sample's distortion, and store its LUT once under its hash.

        Returns the distorted picture's codes, what the row says, and the LUT file's SHA-256.
        """
        with _writing(self.out):
            drawn = distort.draw(
                self.recipe,
                block,
                split=job.split,
                sample=sample.id,
                number=sample.draw,
                out=self.out,
            )
        distorted = drawn.apply(encoded)
        path, (digest, size) = distort.lut_path(drawn.lut_hash), drawn.lut_file
        with _writing(self.out):
            if self.out.size(path) != size:
                self.out.write(path, drawn.cube())
        severity = round(distort.image_severity(distorted, encoded), 4)
        record = {**drawn.record, "lut": path, "image_severity": severity}
        codes = quantise(distorted, self.recipe.output.bits)
        return codes, read_value(Distortion, record), digest

    def _write(self, path: str, codes: np.ndarray) -> Written:
        """Write a picture or a label image."""
        data = encode(codes, PurePath(path).suffix)
        with _writing(self.out):
            self.out.write(path, data)
        return Written(sha256(data), summarise(codes))

    @property
    def _suffix(self) -> str:
        return SUFFIXES[self.recipe.output.format]


def draw_regions(
    recipe: Recipe, sample: str, size: tuple[int, int], guide: Guide
) -> tuple[str, Drawn]:
    """Draw a sample's region map: its kind and the labels, by the sample's id alone.

    Without any [[mask]] block the whole picture is A. Raises OpenSceneError when no block suits the
    scene, or the mask drawn leaves no A.
    """
    suited = [
        block
        for block in recipe.mask or (EVERYTHING,)
        if not (follows_segmentation(block.shape) and guide.segmentation is None)
    ]
    if not suited:
        raise OpenSceneError("no_mask", "every [[mask]] follows a segmentation; the scene has none")
    rng = sample_rng(recipe.seed, f"{sample}/mask")
    shares = np.array([block.share for block in suited])
    block = suited[int(rng.choice(len(suited), p=shares / shares.sum()))]
    try:
        drawn = block.shape.draw(size, rng, guide)
    except ValueError as error:
        raise OpenSceneError("no_mask", str(error)) from None
    if not (drawn.regions == masks.A).any():
        raise OpenSceneError("no_mask", f"a {block.kind} mask leaves no pixel to correct")
    return block.kind, drawn


def lost_rows(recipe: Recipe, job: Job, status: str, reason: str, *, ev: Any = EVERY) -> list[Row]:
    """The rows of a scene that gave nothing, or nothing at one EV: one per planned sample."""
    return [
        _lost(recipe, job, sample, status, reason)
        for sample in plan.samples(recipe, job.scene)
        if ev is EVERY or sample.ev == ev
    ]


def _lost(recipe: Recipe, job: Job, sample: Planned, status: str, reason: str) -> Lost:
    return Lost(
        **_identity(job, sample),
        status=status,
        reason=plain_text(reason[:MOST_REASON]),
        source=SourceFile(plain_text(job.scene.files[0])),
        facts={"seed": recipe.seed},
    )


def _identity(job: Job, sample: Planned) -> dict[str, Any]:
    return {
        "id": sample.id,
        "scene": job.scene.name,
        "group": plain_text(job.scene.group),
        "split": job.split,
        "ev": sample.ev,
    }


def _which(job: Job, sample: Planned) -> dict[str, str]:
    """The mask that a map follows, where the scene has several."""
    if sample.mask is None:
        return {}
    return {"follows": job.scene.masks[sample.mask]}


def _clipped(codes: np.ndarray) -> dict[str, float]:
    """Share of the pixels with a channel at white, and with all channels at black."""
    brightest = np.maximum(np.maximum(codes[..., 0], codes[..., 1]), codes[..., 2])
    white = np.iinfo(codes.dtype).max
    return {"high": float((brightest == white).mean()), "low": float((brightest == 0).mean())}


@contextmanager
def _writing(out: Target) -> Iterator[None]:
    """Turn whatever goes wrong while writing into TargetError, which stops the build."""
    try:
        yield
    except OSError as error:
        where = str(error.filename or out)
        raise TargetError(error.errno, error.strerror, where) from error
