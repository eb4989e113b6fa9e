"""What the pages point at is there: links, files, folders and names of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
PACKAGES = "luts|datagen|benchmarks|docs|tests"
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
FILE = re.compile(rf"`((?:{PACKAGES})/[\w./+-]+)`")
NAME = re.compile(rf"`(?:python -m )?((?:{PACKAGES})(?:\.\w+)+)`")


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def code_of(name: str) -> tuple[Path | None, list[str]]:
    """The file of the longest module in a dotted name, and what is left of the name."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return path, parts[count:]
    return None, parts


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_at_is_there(page):
    text, lost = page.read_text("utf-8"), []
    for target, anchor in LINK.findall(text):
        if target.partition(":")[0] in ("http", "https", "mailto"):
            continue
        other = (page.parent / target).resolve() if target else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            lost.append(f"{target}#{anchor}")
    lost += [name for name in FILE.findall(text) if not (ROOT / name).exists()]
    for name in NAME.findall(text):
        path, rest = code_of(name)
        if path is None or (rest and not re.search(rf"\b{rest[0]}\b", path.read_text("utf-8"))):
            lost.append(name)
    assert lost == []


def test_the_index_lists_every_page():
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    linked = {target for target, _ in LINK.findall(index)}
    assert linked == {page.name for page in ROOT.glob("docs/*.md")} - {"README.md"}


def test_make_runs_its_targets_whatever_files_there_are():
    """Without .PHONY, `make docs` finds the folder docs/ and does nothing."""
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w-]+):.*##", text, re.M))
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.M)
    assert set(phony.split()) == targets
