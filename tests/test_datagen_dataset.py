"""Reading a data set, packing it, its card, its statistics and its page."""

from __future__ import annotations

import dataclasses
import json
import mimetypes
import re
import tarfile

import numpy as np
import pytest

from datagen.build.driver import Resources, build
from datagen.cli import main
from datagen.dataset.card import forbidden_licences
from datagen.dataset.exposure_map import BINS, affinities, light, neighbour_map, principal_map
from datagen.dataset.manifest import ManifestError, parse_row
from datagen.dataset.pack import PackError, pack
from datagen.dataset.preview import clipping_overlay, regions_overlay, spread
from datagen.dataset.read import load_pair, open_dataset
from datagen.dataset.stats import StatsError, folder_lights
from datagen.dataset.workspace import read_dataset, write_dataset
from datagen.images.codes import quantise, to_float
from datagen.images.files import read_image, write_image
from datagen.recipe.load import load_recipe
from luts.tool.files import sha256_file

TOML = """
name = "tiny"
[source]
folder = "{folder}"
references = ["auto", "expert"]
licence = "CC0-1.0"
[render]
evs = [-1, 0, 1.5]
[[distort]]
families = ["tone"]
severity = [2, 6]
pool = 1
lut_size = 5
[[mask]]
kind = "circle"
[output]
bits = {bits}
"""


def make(folder, *, bits: int = 8, licence: str = "CC0-1.0", form: str = "png"):
    rng = np.random.default_rng(0)
    for number in range(4):
        encoded = np.kron(rng.random((5, 6, 3)), np.ones((6, 6, 1))) * 0.8
        write_image(folder / "photos" / f"p{number}.png", quantise(encoded, 16))
        write_image(
            folder / "photos" / "references" / "expert" / f"p{number}.png", quantise(encoded)
        )
    (folder / "r.toml").write_text(TOML.format(folder=folder / "photos", bits=bits))
    recipe = load_recipe(folder / "r.toml", [f"source.licence={licence}", f"output.format={form}"])
    build(recipe, folder / "set", Resources(engine="serial"))
    return folder / "set"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return make(tmp_path_factory.mktemp("dataset"))


def test_rows_are_selected_by_what_they_say(built):
    dataset = open_dataset(built)
    assert len(dataset.rows) == 4 * 3 * 2
    assert len(dataset.select(ev=1.5, distortion=None)) == 4
    assert [row.ev for row in dataset.select(ev=1.5)] == [
        row.ev for row in dataset.samples if row.ev == 1.5
    ]
    assert not dataset.select(ev=None) and not dataset.select(ev=1.25)
    parts = [dataset.select(split=split) for split in ("train", "val", "test")]
    assert sum(map(len, parts)) == len(dataset.rows)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_pair_is_the_files_as_floats(bits, tmp_path):
    dataset = open_dataset(make(tmp_path, bits=bits))
    row = dataset.select(ev=0.0, distortion=None)[0]
    pair = load_pair(dataset, row, "expert")
    assert pair.degraded.dtype == pair.reference.dtype == np.float32
    source = to_float(read_image(tmp_path / "photos" / f"{row.scene}.png"))
    assert np.abs(pair.degraded - source).max() <= 0.5001 / (2**bits - 1)
    assert np.abs(pair.reference - source).max() <= 0.5001 / 255
    assert np.unique(pair.regions).tolist() == [0, 1, 2]


def test_a_set_that_is_not_finished_is_not_opened(built, tmp_path):
    write_dataset(tmp_path, dataclasses.replace(read_dataset(built), complete=False))
    with pytest.raises(ManifestError, match=r"dataset\.json: the build has not finished"):
        open_dataset(tmp_path)


def test_a_missing_picture_is_one_line(built):
    dataset = open_dataset(built)
    one = dataset.rows[0]
    hashes = {**one.sha256, "scenes/none.png": "0" * 64}
    row = dataclasses.replace(one, input="scenes/none.png", sha256=hashes)
    with pytest.raises(ManifestError, match=r"none\.png: no such picture"):
        load_pair(dataset, row)


def test_a_pack_is_the_same_bytes_twice_and_holds_every_sample(built, tmp_path):
    one, two = pack(built, tmp_path / "one"), pack(built, tmp_path / "two")
    assert one.read_bytes() == two.read_bytes()
    dataset, seen = open_dataset(built), []
    for shard in json.loads(one.read_text())["shards"]:
        path = one.parent / shard["file"]
        assert path.read_bytes() == (two.parent / shard["file"]).read_bytes()
        with tarfile.open(path) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar}
        for name, data in members.items():
            if name.endswith(".json"):
                row = parse_row(data, name)
                assert row.split == shard["split"]
                key = name.removesuffix(".json")
                assert members[f"{key}.input.png"] == (built / row.input).read_bytes()
                assert members[f"{key}.reference_expert.png"]
                # WebDataset groups by what stands before the first dot of the last part.
                assert "." not in key.rpartition("/")[2]
                seen.append(row.id)
    assert sorted(seen) == [row.id for row in dataset.rows]


def test_shards_are_cut_by_size(built, tmp_path):
    index = json.loads(pack(built, tmp_path, shard_mb=0.001).read_text())
    assert len(index["shards"]) > 8
    assert sum(shard["samples"] for shard in index["shards"]) == 24


def test_a_harmed_file_is_not_packed(tmp_path):
    built = make(tmp_path)
    victim = built / open_dataset(built).rows[0].input
    victim.write_bytes(b"x")
    with pytest.raises(PackError, match="is not the file of the manifest"):
        pack(built, tmp_path / "pack")
    assert not (tmp_path / "pack" / "shards.json").exists()


@pytest.mark.parametrize("licence", ["FiveK (research only)", ""])
def test_what_may_not_be_handed_on_is_packed_only_by_force(tmp_path, licence, capsys):
    built = make(tmp_path, licence=f'"{licence}"')
    args = ["pack", str(built), "-o", str(tmp_path / "pack")]
    assert main(args) == 2
    assert "may not be handed on" in capsys.readouterr().err
    assert main([*args, "--force"]) == 0


def test_licences_that_forbid_are_known():
    assert forbidden_licences(["CC0-1.0", "Research Only", "CC0-1.0", ""]) == [
        "Research Only",
        "unknown",
    ]


def test_the_card_and_croissant_name_every_source_and_licence(built):
    croissant = json.loads((built / "croissant.json").read_text())
    experts = {f"references/expert/p{n}.png" for n in range(4)}
    assert {entry["name"] for entry in croissant["isBasedOn"]} == {
        *(f"p{n}.png" for n in range(4)),
        *experts,
    }
    licence = "https://spdx.org/licenses/CC0-1.0.html"
    assert {entry["license"] for entry in croissant["isBasedOn"]} == {licence}
    assert croissant["license"] == [licence]
    for entry in croissant["isBasedOn"]:
        path = built.parent / "photos" / entry["name"]
        assert entry["sha256"] == sha256_file(path)
    manifest = open_dataset(built)
    card = (built / "README.md").read_text()
    assert manifest.hash in card and "| CC0-1.0 | 8 |" in card


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_croissant_is_built_as_its_specification_asks(form, tmp_path):
    """Croissant 1.0: required properties, unique ids, references that resolve, globs that match."""
    built = make(tmp_path, form=form)
    croissant = json.loads((built / "croissant.json").read_text())
    assert croissant["conformsTo"][0] == "http://mlcommons.org/croissant/1.0"
    assert croissant["@type"] == "sc:Dataset" and croissant["name"] and croissant["description"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{16}", croissant["version"])
    parts = {part["@id"]: part for part in croissant["distribution"]}
    records, *pairs = croissant["recordSet"]
    sets = [records, *pairs]
    ids = [*parts, *(part["@id"] for part in sets)]
    ids += [field["@id"] for part in sets for field in part["field"]]
    assert len(set(ids)) == len(ids) and records["key"]["@id"] in ids
    row = json.loads((built / "manifest.jsonl").read_text().splitlines()[0])
    kinds = {"sc:Text": str, "sc:Float": float, "sc:Integer": int}
    for field in records["field"]:
        assert field["source"]["fileObject"]["@id"] == "manifest"
        assert isinstance(row[field["source"]["extract"]["column"]], kinds[field["dataType"]])
    for part in pairs:
        (table,) = {field["source"]["fileObject"]["@id"] for field in part["field"]}
        line = json.loads((built / table).read_text().splitlines()[0])
        assert all(line[field["source"]["extract"]["column"]] for field in part["field"])
    assert parts["manifest"]["sha256"] == sha256_file(built / parts["manifest"]["contentUrl"])
    found = {
        name: set(built.glob(part["includes"])) - set(built.glob(part.get("excludes", "none")))
        for name, part in parts.items()
        if part["@type"] == "cr:FileSet"
    }
    every = {path for folder in ("scenes", "luts") for path in (built / folder).rglob("*.*")}
    assert sum(map(len, found.values())) == len(every) and set.union(*found.values()) == every
    for path in found["pictures"]:
        assert parts["pictures"]["encodingFormat"] == mimetypes.guess_type(path)[0]
    used = {key for part in (*parts.values(), records) for key in part if not key.startswith("@")}
    schema_org = {"name", "description", "contentUrl", "encodingFormat", "sha256"}
    assert used - schema_org <= croissant["@context"].keys()


def test_statistics_count_and_measure(built, tmp_path, capsys):
    assert main(["stats", str(built), "-o", str(tmp_path / "stats"), "--beside", str(built)]) == 0
    printed = capsys.readouterr().out
    assert "12  none" in printed and "12  tone" in printed
    table = (tmp_path / "stats" / "light.csv").read_text().splitlines()
    assert len(table) == 25
    assert read_image(tmp_path / "stats" / "stats.png").std() > 10


def test_luminance_is_measured_in_linear_light(tmp_path):
    write_image(tmp_path / "grey.png", np.full((9, 9, 3), 188, np.uint8))
    found = light(tmp_path / "grey.png")
    assert found.mean_luminance == pytest.approx(
        0.5029, abs=1e-4
    )  # IEC 61966-2-1: ((v+.055)/1.055)^2.4
    assert (
        found.histogram.argmax() == BINS - 1 - int(1 / (10 / BINS))
        and found.histogram.max() == found.histogram.sum()
    )


def test_brighter_lies_to_the_right_of_the_map():
    rng = np.random.default_rng(0)
    dark = rng.dirichlet(np.linspace(3, 0.1, BINS), 30)
    bright = dark[:, ::-1]
    places = principal_map({"own": np.concatenate([dark, bright]), "other": bright[:3]})
    assert places["own"][:30, 0].max() < places["own"][30:, 0].min()
    np.testing.assert_allclose(places["other"], places["own"][30:33])


def test_neighbours_lie_together_on_the_other_map():
    """Three kinds of histogram, each in two groups: every picture's nearest is of its own kind."""
    rng = np.random.default_rng(1)
    peaks = np.array([4, 16, 28])
    kinds = np.repeat(np.arange(3), 20)
    found = [np.exp(-((np.arange(BINS) - peaks[k] - rng.normal()) ** 2) / 8) for k in kinds]
    found = [histogram / histogram.sum() for histogram in found]
    places = neighbour_map({"own": found[::2], "other": found[1::2]})
    points = np.concatenate([places["own"], places["other"]])
    labels = np.concatenate([kinds[::2], kinds[1::2]])
    apart = np.linalg.norm(points[:, None] - points, axis=2) + 1e9 * np.eye(len(points))
    assert (labels[apart.argmin(1)] == labels).all()
    assert places["own"][labels[:30] == 0, 0].mean() < places["own"][labels[:30] == 2, 0].mean()


def test_every_point_has_as_many_neighbours_as_asked():
    """JMLR 2008, equation 1: the perplexity of each point's neighbourhood is the one given."""
    points = np.random.default_rng(2).normal(size=(40, 3))
    joint = affinities(points, 7.0)
    assert joint.sum() == pytest.approx(1) and (joint == joint.T).all()
    ring = np.stack([np.cos(np.arange(40) * np.pi / 20), np.sin(np.arange(40) * np.pi / 20)], 1)
    each = affinities(ring, 7.0) * 40  # all points are alike, so the joint is the conditional
    entropy = -(each * np.log2(np.maximum(each, 1e-300))).sum(1)
    np.testing.assert_allclose(2**entropy, 7.0, rtol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_handful_of_pictures_has_a_map(count):
    found = np.random.default_rng(3).dirichlet(np.ones(BINS), count)
    assert neighbour_map({"own": found})["own"].shape == (count, 2)


def test_a_folder_without_pictures_cannot_stand_beside(tmp_path):
    with pytest.raises(StatsError, match="holds no picture"):
        folder_lights(tmp_path)


def test_the_page_needs_nothing_else(built, tmp_path):
    assert main(["preview", str(built), "-o", str(tmp_path / "p.html")]) == 0
    page = (tmp_path / "p.html").read_text()
    assert page.count("data-mask=") == 24 and page.count('class="reference"') == 8
    assert page.count('"grid-area: 1 / 3"') == page.count('"grid-area: 2 / 3"') == 4  # +1.5 EV
    assert "http://" not in page and "https://" not in page
    assert all(word in page for word in ('name="distortion"', 'type="range"', "clipping"))


def test_the_page_escapes_what_a_source_says(tmp_path):
    built = make(tmp_path, licence='"<script>alert(1)</script>"')
    main(["preview", str(built)])
    assert "<script>alert" not in (built / "preview.html").read_text()


def test_a_long_set_is_shown_evenly():
    names = [f"{n:03}" for n in range(100)]
    assert spread(names, 3) == ["000", "050", "099"] or spread(names, 3) == ["000", "049", "099"]
    assert spread(names, 0) == names


def test_overlays_paint_what_they_mean():
    labels = np.array([[0, 1, 2]], np.uint8)
    assert regions_overlay(labels)[0, :, 3].tolist() == [0, 110, 110]
    encoded = np.array([[[0, 0, 0], [0.5, 0.5, 0.5], [1, 0, 0]]])
    assert clipping_overlay(encoded)[0, :, 3].tolist() == [200, 0, 200]


def test_a_long_preview_is_pages_that_lead_to_each_other(built, tmp_path, monkeypatch):
    monkeypatch.setattr("datagen.dataset.preview.PER_PAGE", 2)
    assert main(["preview", str(built), "-o", str(tmp_path / "p.html")]) == 0
    first, second = ((tmp_path / name).read_text() for name in ("p.html", "p-002.html"))
    assert not (tmp_path / "p-003.html").exists()
    assert 'href="p-002.html" rel="next"' in first and 'rel="prev"' not in first
    assert 'href="p.html" rel="prev"' in second and 'rel="next"' not in second
    assert first.count("data-mask=") == second.count("data-mask=") == 12
    assert "scenes 3 to 4" in second


def test_rows_stay_on_disk_and_are_found_by_id(built):
    dataset = open_dataset(built)
    rows = list(dataset.rows)
    assert [dataset.row(row.id) for row in rows] == rows
    assert list(dataset.rows[5:9]) == rows[5:9] and dataset.rows[-1] == rows[-1]
    with pytest.raises(KeyError, match="no such"):
        dataset.row("no such")
    with pytest.raises(TypeError, match="samples have no field 'evs'"):
        dataset.select(evs=1.0)
    held = dataset.rows.held
    arrays = (held.offsets, held.numbers, held.splits, held.made, held.evs, dataset.rows.chosen)
    assert sum(array.nbytes for array in arrays) == 26 * len(rows)
