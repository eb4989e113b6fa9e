"""docs/studio.md: its look is read, its commands run, its recipe builds with the look it names."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from datagen.cli import main as datagen_main
from luts.cli import VERBS
from luts.cli import main as luts_main
from luts.look import KINDS, parse_look
from luts.preview import PHOTO

PAGE = (Path(__file__).parent.parent / "docs" / "studio.md").read_text("utf-8")
TOML = re.compile(r"^( *)```toml\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def _blocks() -> list[str]:
    return [
        "\n".join(line.removeprefix(indent) for line in text.splitlines()) + "\n"
        for indent, text in TOML.findall(PAGE)
    ]


def test_every_kind_of_layer_is_told():
    table = PAGE[PAGE.index("| layer |") : PAGE.index("Random members")]
    for kind in KINDS:
        words = kind.replace("-", " ").split(" vs ")
        assert all(word in table for word in words), kind


def test_the_walk_ends_in_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe, look = _blocks()
    assert parse_look(look.encode(), "page").name == "late afternoon"
    Path("my-look.toml").write_text(look)
    Path("look.toml").write_text(look)
    Path("mine.toml").write_text(recipe)
    Path("photo.jpg").write_bytes(PHOTO.read_bytes())
    Path("photo.png").write_bytes(PHOTO.read_bytes())
    commands = re.findall(r"`?(luts (?:studio|bake|info) [^`\n]*-o [^`\n]*|luts info \S+)`?", PAGE)
    assert len(commands) >= 3
    for command in dict.fromkeys(commands):
        words = shlex.split(command.split("`")[0])
        assert words[1] in VERBS
        assert luts_main(words[1:]) == 0, command
    assert Path("studio.html").stat().st_size > 1_000_000
    assert datagen_main(shlex.split("build mine.toml -o out/mine --jobs 1")) == 0
    rows = [json.loads(row) for row in Path("out/mine/manifest.jsonl").read_text().splitlines()]
    assert any(
        "temperature" in json.dumps(row) and "my-look.toml" in json.dumps(row) for row in rows
    )
