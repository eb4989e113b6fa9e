"""MIT-Adobe FiveK: 5,000 DNGs anywhere below, five experts' 16-bit TIFFs in `tiff16_a` and so on.

DNGs may lie in any folder below the source's; the archive has raw_photos/HQa1to700/photos and so
on. The experts' files lie in folders called tiff16_a ... tiff16_e, also anywhere, named as their
DNG. Scenes come in the order of their numbers, a0001 to a5000, by which the literature divides
them. The archive's lists filesAdobe.txt and filesAdobeMIT.txt tell which licence a picture is
under.

References
----------
Bychkovsky et al., "Learning photographic global tonal adjustment with a database of input/output
image pairs", CVPR 2011.
"""

from __future__ import annotations

from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .scene import PICTURES, Scene, check_unique, list_files, safe_name, stem_of

EXPERTS = "abcde"
LICENCES = {
    "filesAdobe.txt": "FiveK LicenseAdobe (research only, no redistribution)",
    "filesAdobeMIT.txt": "FiveK LicenseAdobeMIT (research only, no redistribution)",
}


def read_fivek(source: Source, folder: Path) -> list[Scene]:
    """The scenes by number."""
    raws = list_files(folder, {".dng"})
    if not raws:
        raise RecipeError(f"{folder}: is not laid out as FiveK: no .dng file below it")
    experts = _experts(folder)
    licences = _licences(folder)
    scenes = [
        Scene(
            name=safe_name(stem),
            path=path,
            references=tuple(
                (expert, files[stem]) for expert, files in experts.items() if stem in files
            ),
            licence=licences.get(stem, source.licence or "FiveK (research only)"),
        )
        for stem, path in sorted((stem_of(path), path) for path in raws)
    ]
    return check_unique(scenes, folder)


def _experts(folder: Path) -> dict[str, dict[str, str]]:
    """Expert -> stem -> path."""
    found: dict[str, dict[str, str]] = {}
    for path in list_files(folder, PICTURES):
        place = Path(path).parent.name
        if place.startswith("tiff16_") and place[7:] in EXPERTS:
            found.setdefault(place[7:], {})[stem_of(path)] = path
    return dict(sorted(found.items()))


def _licences(folder: Path) -> dict[str, str]:
    """Stem -> licence, from the archive's lists."""
    found = {}
    for name, licence in LICENCES.items():
        for path in sorted(folder.rglob(name)):
            for line in path.read_text("utf-8", errors="replace").splitlines():
                found[line.strip().removesuffix(".dng")] = licence  # names may hold dots
    return found
