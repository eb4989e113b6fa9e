"""Data sets from strangers: signed like any other, and made to do harm."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import struct
import tarfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.build.driver import Resources, _patiently, build
from datagen.cli import main
from datagen.dataset.manifest import ManifestError, checksum, dataset_hash, read_rows
from datagen.dataset.pack import pack
from datagen.dataset.preview import write_preview
from datagen.dataset.read import load_pair, open_dataset
from datagen.dataset.rows import json_line
from datagen.dataset.target import PlaceError
from datagen.dataset.templates import markdown
from datagen.dataset.verify import verify
from datagen.dataset.workspace import _text
from datagen.engines.worker import Outcome, Task
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.recipe.load import RecipeError, load_recipe
from datagen.sources.picture_hash import near_duplicates
from luts.tool.errors import UserError
from luts.tool.files import open_to_append, sha256_file, whole_file
from luts.tool.gate import plain_cell, plain_plot

SERIAL = Resources(engine="serial")
TOML = """
name = "tiny"
[source]
folder = "{folder}"
licence = "CC0-1.0"
[render]
evs = [0, 1]
[[distort]]
library = ["tungsten", "fog"]
pool = 2
lut_size = 5
[split]
train = 0.0
val = 0.0
test = 1.0
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger")
    for number in range(2):
        light = np.random.default_rng(number).random((6, 8, 3))
        picture = quantise(np.kron(light, np.ones((4, 4, 1))) * 0.8)
        write_image(folder / "photos" / f"p{number}.png", picture)
    (folder / "r.toml").write_text(TOML.format(folder=folder / "photos"))
    build(load_recipe(folder / "r.toml"), folder / "set", SERIAL)
    return folder


@pytest.fixture
def recipe(source):
    return load_recipe(source / "r.toml")


@pytest.fixture
def copy(source, tmp_path):
    """A set in a sandbox: nothing beside it may change."""
    shutil.copytree(source / "set", tmp_path / "box" / "set")
    return tmp_path / "box" / "set"


def forge(folder: Path, change=lambda row: None, head=lambda content: None) -> None:
    """Change rows and dataset.json and sign everything again, as any stranger can."""
    tables = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    lines, hashed = [], []
    for table in tables:
        table.pop("check")
        change(table)
        line = json_line(table)
        lines.append(line[:-2] + b', "check": "%b"}\n' % checksum(line).encode())
        hashed.append((table.get("id"), table.get("sha256")))
    (folder / "manifest.jsonl").write_bytes(b"".join(lines))
    content = json.loads((folder / "dataset.json").read_text())
    content.pop("check")
    content["files"] = {"manifest.jsonl": sha256_file(folder / "manifest.jsonl")}
    with contextlib.suppress(UserError):
        content["hash"] = dataset_hash(read_rows(folder / "manifest.jsonl"))
    head(content)
    content["check"] = checksum(_text(content))
    (folder / "dataset.json").write_bytes(_text(content))


def everything(folder: Path) -> dict[str, tuple]:
    """Every path below a folder, what it is, and its bytes."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(place, name)
            if path.is_symlink():
                found[str(path)] = ("link", str(path.readlink()))
            elif path.is_file():
                found[str(path)] = ("file", path.read_bytes())
            else:
                found[str(path)] = ("folder",)
    return found


FORGED = {
    "id up": lambda row: row.update(id="../../pwn/x"),
    "id absolute": lambda row: row.update(id="/tmp/pwn/x"),
    "id long": lambda row: row.update(id="x" * 300),
    "id escape": lambda row: row.update(id="a\x1bb"),
    "lut": lambda row: (row["distortion"] or {}).update(lut="../../secret.cube"),
    "reference": lambda row: row["references"].update({"x/../../etc/evil": row["input"]}),
    "input": lambda row: row.update(input="../secret.png"),
    "no mask": lambda row: row.pop("mask"),
    "mask": lambda row: row.update(mask="circle"),
    "no source": lambda row: row.pop("source"),
    "source": lambda row: row.update(source="p.png"),
    "distortion": lambda row: row.update(distortion={}),
    "coverage": lambda row: row.update(coverage={"A": "x", "B": "y", "C": "z"}),
    "licence": lambda row: row.update(licence=3),
    "ev": lambda row: row.update(ev=1e306),
    "deep": lambda row: row.update(extra=json.loads("[" * 60 + "]" * 60)),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_row_is_refused_by_every_verb_in_one_line(how, copy, tmp_path, capsys):
    forge(copy, FORGED[how])
    (tmp_path / "out").mkdir()
    before = everything(tmp_path / "box")
    for command in (
        ["verify", str(copy)],
        ["stats", str(copy), "-o", str(tmp_path / "out")],
        ["preview", str(copy), "-o", str(tmp_path / "out" / "p.html")],
        ["pack", str(copy), "-o", str(tmp_path / "out")],
    ):
        assert main(command) == (1 if command[0] == "verify" else 2)
        said = capsys.readouterr().err
        lines = [line for line in said.splitlines() if "manifest.jsonl:" in line]
        assert lines and "Traceback" not in said
    assert everything(tmp_path / "box") == before
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "x" * 300, "a\nb", 3])
def test_a_forged_name_names_no_shard(name, copy, tmp_path):
    forge(copy, head=lambda content: content.update(name=name))
    with pytest.raises(ManifestError, match=r"dataset\.json: name: must be"):
        pack(copy, tmp_path / "out", force=True)
    assert not (tmp_path / "out").exists()


def test_a_lock_that_is_a_link_leaves_what_it_points_to(copy, recipe, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (copy / ".lock").unlink()
    (copy / ".lock").symlink_to(victim)
    with pytest.raises(OSError, match="is a link; take it away"):
        build(recipe, copy, SERIAL)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", ["manifest.jsonl", "timings.jsonl"])
def test_what_is_appended_to_is_never_a_link(name, copy, recipe, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    next((copy / "scenes").rglob("*.png")).unlink()  # something to do
    (copy / name).unlink()
    (copy / name).symlink_to(victim)
    with pytest.raises(OSError, match="is a link; take it away"):
        build(recipe, copy, SERIAL)
    assert victim.read_text() == "precious"


def test_a_second_name_of_a_file_is_not_written_to(tmp_path):
    (tmp_path / "a").write_text("precious\n")
    os.link(tmp_path / "a", tmp_path / "b")
    with os.fdopen(open_to_append(tmp_path / "b"), "r+") as stream:
        stream.write("more\n")
    assert (tmp_path / "a").read_text() == "precious\n"
    assert (tmp_path / "b").read_text() == "precious\nmore\n"


def test_a_scene_that_is_a_link_is_neither_written_nor_read(copy, recipe, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(copy / "scenes" / "p0", elsewhere)
    (copy / "scenes" / "p0").symlink_to(elsewhere)
    before = everything(elsewhere)
    assert any("through a link" in problem for problem in verify(copy).problems)
    dataset = open_dataset(copy)
    with pytest.raises(ManifestError, match="through a link"):
        load_pair(dataset, dataset.select(scene="p0")[0])
    (elsewhere / "ev+0.png").unlink()
    del before[str(elsewhere / "ev+0.png")]
    with pytest.raises(PlaceError, match="through a link; take the link away"):
        build(recipe, copy, SERIAL)
    assert everything(elsewhere) == before


def test_nothing_is_deleted_that_a_strange_manifest_names(copy, recipe, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "keep.txt").write_text("precious")
    (copy / "home").symlink_to(home)
    forge(copy, lambda row: row["sha256"].update({"home/keep.txt": "0" * 64}))
    build(recipe, copy, SERIAL)
    assert (home / "keep.txt").read_text() == "precious"
    shutil.rmtree(copy / "luts")
    (copy / "luts").symlink_to(home)
    forge(copy, lambda row: row["sha256"].update({"luts/keep.txt": "0" * 64}))
    with pytest.raises(PlaceError, match="through a link"):
        build(recipe, copy, SERIAL)
    assert (home / "keep.txt").read_text() == "precious"


def test_a_scratch_name_cannot_be_planted(tmp_path):
    seen = set()
    for _ in range(3):
        with whole_file(tmp_path / "x.png") as scratch:
            seen.add(scratch.name)
            assert scratch.suffix == ".png" and not scratch.is_symlink()
            scratch.write_bytes(b"new")
    assert len(seen) == 3
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "y").symlink_to(tmp_path / "victim")
    with whole_file(tmp_path / "y") as scratch:
        scratch.write_text("mine")
    assert (tmp_path / "victim").read_text() == "precious" and not (tmp_path / "y").is_symlink()


def test_a_strange_memo_is_not_believed(source, recipe, tmp_path):
    """An unfinished set whose drawn distortions were exchanged becomes the recipe's own."""
    out = tmp_path / "set"
    whole = build(recipe, out, SERIAL).hash
    for path in [out / "manifest.jsonl", out / "scenes", out / "luts"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (out / ".drawn").mkdir()
    for entry in range(2):
        record = {"kind": "library", "name": "bleach", "parameters": {}, "exact": False}
        drawn = {
            "record": {**record, "severity": 1.0},
            "lut_hash": "0" * 64,
            "file_sha256": "0" * 64,
            "file_bytes": 3,
        }
        (out / ".drawn" / f"distort-0-test-{entry}.json").write_text(json.dumps(drawn))
    from datagen.build import distort

    distort._pool_entry.cache_clear()
    assert build(recipe, out, SERIAL).hash == whole


def bomb(path: Path, side: int) -> None:
    """A PNG of a few hundred bytes that claims side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_a_picture_of_another_size_than_its_row_is_not_decoded(copy, monkeypatch):
    path = "scenes/p0/ev+0.png"
    bomb(copy / path, 20_000)
    digest = sha256_file(copy / path)
    forge(copy, lambda row: row["sha256"].update({path: digest}) if row["input"] == path else None)
    decoded = []
    monkeypatch.setattr("datagen.dataset.pictures.read_image", decoded.append)
    dataset = open_dataset(copy)
    with pytest.raises(ManifestError, match=r"ev\+0.png: is \(20000, 20000\), not \(24, 32\)"):
        load_pair(dataset, dataset.select(ev=0.0, scene="p0")[0])
    assert decoded == []


def test_names_with_markup_are_text_everywhere(copy, tmp_path):
    evil = "<script>x</script> | $\\frac{x}$ =HYPERLINK(1)"
    forge(copy, lambda row: row.update(licence=evil, camera="$\\frac{x}$\x1b[31m"))
    assert main(["stats", str(copy), "-o", str(tmp_path / "stats")]) == 0
    assert "\x1b" not in (tmp_path / "stats" / "stats.csv").read_text()
    page = write_preview(open_dataset(copy), tmp_path / "p.html").read_text()
    assert "<script>x" not in page and "Content-Security-Policy" in page
    assert markdown(evil).count("|") == markdown(evil).count("\\|") == 1
    assert "<" not in markdown(evil)
    assert plain_cell("=1+1") == "'=1+1" and plain_cell("+1.5") == "+1.5" == plain_cell("+1.5")
    assert plain_plot("$x$") == r"\$x\$"


def test_a_packed_set_holds_plain_members_only(copy, tmp_path):
    forge(copy, lambda row: row.update(scene=row["scene"]))
    index = json.loads(pack(copy, tmp_path / "out").read_text())
    for shard in index["shards"]:
        with tarfile.open(tmp_path / "out" / shard["file"]) as tar:
            names = tar.getnames()
        assert all(".." not in name.split("/") and not name.startswith("/") for name in names)


def test_exposures_that_are_called_the_same_are_refused(source):
    text = (source / "r.toml").read_text().replace("evs = [0, 1]", "evs = [1.0, 1.0000001]")
    (source / "twins.toml").write_text(text)
    with pytest.raises(RecipeError, match="evs: must list one or more, each once"):
        load_recipe(source / "twins.toml")
    with pytest.raises(RecipeError, match="evs: must list up to 1000"):
        load_recipe(source / "r.toml", [f"render.evs={[n / 1000 for n in range(2000)]}"])
    text = (source / "r.toml").read_text()
    (source / "long.toml").write_text(text + "#" * (1 << 18))
    with pytest.raises(RecipeError, match="must be a recipe of up to 262144 bytes"):
        load_recipe(source / "long.toml")
    (source / "many.toml").write_text(text + '[[mask]]\nkind = "circle"\n' * 101)
    with pytest.raises(RecipeError, match=r"\[\[mask\]\]: up to 100 blocks, got 101"):
        load_recipe(source / "many.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path\tsegmentation\np0.png\t../x.png\n", "index.tsv:2: segmentation: must be a path"),
        ("path\treference_a\np0.png\t/etc/x.png\n", "index.tsv:2: reference_a: must be a path"),
        ("path\tpath\np0.png\tp1.png\n", "index.tsv:1: the column 'path' is named twice"),
        ("path\treference_a/b\np0.png\tp1.png\n", "references: must be a name without '/'"),
    ],
)
def test_an_index_leads_nowhere_else(text, message, source, tmp_path):
    shutil.copytree(source / "photos", tmp_path / "photos")
    (tmp_path / "photos" / "index.tsv").write_text(text)
    recipe = load_recipe(source / "r.toml", [f"source.folder={tmp_path / 'photos'}"])
    with pytest.raises(RecipeError, match=message):
        build(recipe, tmp_path / "out", SERIAL)


def test_an_index_of_a_spreadsheet_is_read(source, tmp_path):
    shutil.copytree(source / "photos", tmp_path / "photos")
    (tmp_path / "photos" / "index.tsv").write_bytes(b"\xef\xbb\xbfpath\r\np0.png\r\n")
    recipe = load_recipe(source / "r.toml", [f"source.folder={tmp_path / 'photos'}"])
    assert build(recipe, tmp_path / "out", SERIAL).made == 4


def brute_force(hashes):
    """Which pictures belong together, by comparing all with all."""
    group = list(range(len(hashes)))
    for one in range(len(hashes)):
        for two in range(one):
            if hashes[one] and hashes[two] and (hashes[one] ^ hashes[two]).bit_count() <= 3:
                old, new = group[one], group[two]
                group = [new if each == old else each for each in group]
    return group


def test_near_duplicates_join_what_comparing_all_with_all_joins():
    rng = random.Random(3)
    hashes = []
    for _ in range(60):
        seed = rng.getrandbits(64)
        for _ in range(rng.randint(1, 4)):
            flips = sum(1 << bit for bit in rng.sample(range(64), rng.randint(0, 4)))
            hashes.append(seed ^ flips)
    hashes += [0, 0, hashes[0], hashes[0]]
    group = list(range(len(hashes)))
    for one, two in near_duplicates(hashes):
        assert (hashes[one] ^ hashes[two]).bit_count() <= 3
        old, new = group[two], group[one]
        group = [new if each == old else each for each in group]
    wanted = brute_force(hashes)
    together = {(a, b) for a in range(len(hashes)) for b in range(a) if group[a] == group[b]}
    assert together == {
        (a, b) for a in range(len(hashes)) for b in range(a) if wanted[a] == wanted[b]
    }


def test_a_thousand_copies_are_a_thousand_pairs():
    assert len(near_duplicates([12345] * 1000)) == 999


def test_a_scene_that_took_too_long_is_tried_once_more_alone():
    calls = []

    def run(work, tasks, *, workers, memory):
        tasks = list(tasks)
        calls.append((len(tasks), workers))
        for task in tasks:
            late = task.job == "late" and len(calls) == 1
            yield Outcome(task, status="timeout") if late else Outcome(task, result=task.job)

    tasks = [Task(job, 1.0) for job in ("a", "late", "b")]
    outcomes = list(_patiently(run, None, tasks, Resources(workers=8)))
    assert [outcome.result for outcome in outcomes] == ["a", "b", "late"]
    assert calls == [(3, 8), (1, 1)]


# Fuzz: whatever a file says, a verb answers with one line or with what is right.

TARGETS = ("manifest.jsonl", "dataset.json", "r.toml", "index.tsv")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed as damage, an editor or a stranger would."""
    data = bytearray(data)
    words = [b"../", b"/etc/passwd", b"\x00", b"1e999", b"-1", b"[]", b"{}", b"null", b"true"]
    words += [b'"', b"\\u202e", b"\\ud800", b"\t", b"\n", b"[" * 2000, b"9" * 400, b"\xff"]
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(5):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + rng.randint(1, 40)]
            case 2:
                data[at:at] = rng.choice(words)
            case 3:
                end = at + rng.randint(1, 12)
                data[at:end] = rng.choice(words)
            case 4:
                other = rng.randrange(len(data))
                data[at:at] = data[other : other + rng.randint(1, 60)]
    return bytes(data)


def mutated_json(data: bytes, rng: random.Random) -> bytes:
    """JSON that stays JSON: a value or a key exchanged, and signed again."""
    strange = [None, True, -1, 1e308, 10**30, "", "../x", "/x", "a\x1b", "x" * 5000, [], {}, [[]]]
    lines = data.splitlines(keepends=True) if data.startswith(b'{"') else [data]
    at = rng.randrange(len(lines))
    value = json.loads(lines[at])
    value.pop("check", None)
    place = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = rng.choice(keys)
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.7:
            place = inner
            continue
        match rng.randrange(3):
            case 0:
                place[key] = rng.choice(strange)
            case 1:
                del place[key]
            case 2 if isinstance(place, dict):
                place[rng.choice(["../k", "", "sha256", "a\x00"])] = place.pop(key)
        break
    if len(lines) > 1:
        line = json_line(value)
        lines[at] = line[:-2] + b', "check": "%b"}\n' % checksum(line).encode()
        return b"".join(lines)
    return _text({**value, "check": checksum(_text(value))})


def fuzz(source: Path, tmp_path: Path, count: int, seed: int) -> int:
    """Returns how many mutations were refused; asserts what must always hold."""
    box = tmp_path / "box"
    shutil.copytree(source / "set", box / "set")
    shutil.copytree(source / "photos", box / "photos")
    (box / "photos" / "index.tsv").write_text(
        "path\tscene\tgroup\tsplit\tlicence\tcentre_x\tcentre_y\nsub/p0.png\ta\tg\ttest\tCC0\t0.5\t0.5\n"
    )
    (box / "photos" / "sub").mkdir()
    shutil.copy(box / "photos" / "p0.png", box / "photos" / "sub")
    (box / "r.toml").write_text(TOML.format(folder=box / "photos"))
    (box / "victim").write_text("precious")
    places = {
        "manifest.jsonl": box / "set" / "manifest.jsonl",
        "dataset.json": box / "set" / "dataset.json",
        "r.toml": box / "r.toml",
        "index.tsv": box / "photos" / "index.tsv",
    }
    originals = {name: path.read_bytes() for name, path in places.items()}
    before = everything(tmp_path)
    rng, refused = random.Random(seed), 0
    for _ in range(count):
        name = rng.choice(TARGETS)
        form = mutated_json if name.endswith(("json", "jsonl")) and rng.random() < 0.7 else mutated
        data = form(originals[name], rng)
        places[name].write_bytes(data)
        try:
            if name in ("r.toml", "index.tsv"):
                used(box / "r.toml")
            else:
                read(box / "set")
        except (UserError, OSError) as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 3000, (name, data)
        places[name].write_bytes(originals[name])
    assert everything(tmp_path) == before
    return refused


def used(path: Path) -> None:
    """What `datagen plan` does with a recipe."""
    from datagen.build import lut_checks, plan
    from datagen.build.estimate import estimate
    from datagen.sources import read_source, source_folder

    recipe = load_recipe(path)
    lut_checks.check_names(recipe)
    jobs, _ = plan.jobs(recipe, read_source(recipe.source))
    for job in jobs:
        for _ in zip(range(100), plan.samples(recipe, job.scene), strict=False):
            pass
    estimate(recipe, jobs, source_folder(recipe.source))


def read(folder: Path) -> None:
    """What verify, stats, preview and pack read of a set, with a pair of it."""
    dataset = open_dataset(folder)
    for row in dataset.rows:
        if row.status == "ok":
            load_pair(dataset, row)
            break
    verify(folder)


def test_any_file_gives_one_line_or_what_is_right(source, tmp_path, monkeypatch):
    monkeypatch.setattr("datagen.dataset.verify.scene_reports", lambda *_: [])
    assert fuzz(source, tmp_path, 300, seed=1) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_files_give_one_line_or_what_is_right(seed, source, tmp_path, monkeypatch):
    monkeypatch.setattr("datagen.dataset.verify.scene_reports", lambda *_: [])
    assert fuzz(source, tmp_path, 1000, seed=100 + seed) > 300


def test_a_picture_that_opencv_reads_is_read(copy):
    """The header's size is that of the picture, for both formats a set may have."""
    from datagen.dataset.pictures import header_size

    path = copy / "scenes" / "p0" / "ev+0.png"
    codes = cv2.imread(str(path))
    cv2.imwrite(str(path.with_suffix(".tif")), codes)
    assert header_size(path) == header_size(path.with_suffix(".tif")) == codes.shape[:2]


def test_a_camera_of_control_characters_has_a_plain_name(tmp_path):
    from PIL import Image

    from datagen.raw.tags import MOST_NAME, Metadata
    from datagen.sources.exif import read_capture

    exif = Image.Exif()
    exif[0x0110] = "EVIL \x1b[31m" + "\u202e" + "X" * 500
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    for name in (read_capture(tmp_path / "a.jpg").camera, Metadata(camera=exif[0x0110]).camera):
        assert name.startswith("EVIL \ufffd[31m")
        assert name.isprintable() and len(name) <= MOST_NAME
