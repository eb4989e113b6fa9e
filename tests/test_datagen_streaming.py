"""datagen.stream: one mathematics with a build, and batches that depend on (recipe, seed, step)."""

from __future__ import annotations

import itertools
import json
import math
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import datagen
from datagen.build import distort as built_distort
from datagen.build.driver import Resources, build
from datagen.build.samples import draw_regions
from datagen.camera.bright_region import bright_region
from datagen.camera.metering import estimate_light, meter
from datagen.camera.panorama import perspective_view
from datagen.camera.sensors import SENSORS
from datagen.camera.simulate import UNIT_TIME_S, Exposure, true_camera, true_linear
from datagen.cli import main
from datagen.develop.series import render
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.raw.highlights import blend
from datagen.recipe.load import RecipeError, load_recipe, parse_recipe
from datagen.recipe.settings import MSEC_EVS, Range
from datagen.references.fusion import fusion
from datagen.regions.geometry import Guide
from datagen.regions.labels import alpha
from datagen.sources import SOURCES, read_source
from datagen.streaming import camera
from datagen.streaming.cache import MAGIC, CacheError
from datagen.streaming.draws import draw
from datagen.streaming.opening import save_light
from datagen.streaming.packed import pack, unpack
from datagen.streaming.panoramas import noise_of
from datagen.streaming.taken import StreamError
from datagen.streaming.views import Direction, pyramid, view
from luts.colour.transfer import encode_srgb
from luts.tool.seeding import sample_rng
from tests.test_datagen_sources import MINIATURES

ROOT = Path(__file__).resolve().parent.parent
SIZE = (32, 48)
TEXT = {
    "name": "tiny",
    "render": {"evs": {"from": -2, "to": 2}},
    "distort": [{"families": ["tone", "illuminant"], "severity": [3, 6], "pool": 3, "stack": 2}],
    "mask": [{"kind": "circle"}, {"kind": "segmentation"}, {"kind": "gradient"}],
    "split": {"train": 1.0, "val": 0.0, "test": 0.0},
    "stream": {"white_balance_sd": 0.2},
}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """Two panoramas with detail, a bright window, and light over several stops."""
    folder = tmp_path_factory.mktemp("light")
    rng = np.random.default_rng(0)
    for number in range(2):
        coarse = rng.random((8, 16, 3), np.float32) ** 3
        light = cv2.resize(coarse, (256, 128), interpolation=cv2.INTER_CUBIC).clip(0.01)
        light[30:60, 100 + 40 * number : 140 + 40 * number] *= 20
        cv2.imwrite(str(folder / f"place{number}.hdr"), light)
    source = {"kind": "panoramas", "folder": str(folder), "references": ["fusion", "auto"]}
    return parse_recipe({**TEXT, "source": source}, where="tiny.toml")


POOLS = {}


def stream(recipe, **settings):
    """A stream whose distortions are drawn once for all tests."""
    made = datagen.stream(recipe, **{"size": SIZE, "batch": 4} | settings)
    if "cache" not in settings:
        made.pools = POOLS.setdefault((made.recipe, made.split), made.pools)
    return made


def same(one, other):
    planes = [name for name, value in one.items() if isinstance(value, torch.Tensor)]
    return one["drawn"] == other["drawn"] and all(torch.equal(one[n], other[n]) for n in planes)


def test_a_batch_is_a_function_of_recipe_seed_and_step(recipe):
    first = [stream(recipe).batch(step) for step in (0, 1)]
    again = stream(recipe)
    assert same(again.batch(1), first[1]) and same(again.batch(0), first[0])
    assert not same(first[0], first[1])
    assert not same(stream(recipe, seed=1).batch(0), first[0])
    for name in ("degraded", "reference"):
        assert first[0][name].shape == (4, 3, *SIZE)
        codes = first[0][name] * 255
        assert torch.equal(codes, codes.round()) and codes.min() >= 0 and codes.max() <= 255
    assert first[0]["regions"].shape == (4, 2, *SIZE)
    assert first[0]["alpha"].shape == (4, 1, *SIZE)
    assert set(first[0]["references"]) == {"fusion", "auto"}


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_workers_change_no_batch(recipe, workers):
    expected = [stream(recipe).batch(step) for step in (3, 4, 5)]
    loader = DataLoader(stream(recipe, first=3), batch_size=None, num_workers=workers)
    found = list(itertools.islice(loader, 3))
    assert all(same(a, b) for a, b in zip(found, expected, strict=True))


def test_the_samples_of_a_batch_do_not_depend_on_each_other(recipe):
    whole = stream(recipe).samples(range(4))
    for position in range(4):
        alone = stream(recipe).samples([position])
        assert alone["drawn"][0] == whole["drawn"][position]
        for name in ("degraded", "reference", "regions"):
            # Sums of one picture and of four may differ in the last bit before rounding.
            torch.testing.assert_close(
                alone[name][0], whole[name][position], atol=1.01 / 255, rtol=0
            )


def test_a_streamed_sample_is_the_built_one(recipe):
    """Every stage by the functions a build uses, from the draws of the stream: within one level."""
    size, made = (48, 72), stream(recipe)
    draws = [draw(recipe, 0, "train", n, 2) for n in range(8)]
    batch = made.make(draws, size)
    assert {one.block for one in draws} == {-1, 0} and {one.bracket for one in draws} == {
        True,
        False,
    }
    for number, one in enumerate(draws):
        degraded, reference, labels = built(recipe, made, one, size)
        for ours, theirs in (
            (batch["degraded"][number], degraded),
            (batch["reference"][number], reference),
        ):
            levels = ours.permute(1, 2, 0).numpy() * 255 - theirs.astype(np.float32)
            assert np.abs(levels).max() <= 1.001
        np.testing.assert_array_equal(batch["regions"][number, 0].numpy(), labels == 2)
        np.testing.assert_array_equal(batch["alpha"][number, 0].numpy(), alpha(labels))


def built(recipe, made, one, size):
    """(degraded, reference, labels) of a draw, with numpy and what a build is made of."""
    levels = made.sources[one.source].levels(torch.device("cpu"))
    where = Direction(one.yaw, one.pitch, one.roll, one.fov)
    scene = view(levels, where, size).permute(1, 2, 0).numpy()
    scene = np.ascontiguousarray(scene[:, ::-1]) if one.mirrored else scene
    sensor, gain, light = SENSORS[one.camera], meter(scene), np.array(estimate_light(scene))

    def shot(stops, light):
        return Exposure(gain * 2.0**stops * UNIT_TIME_S, light=tuple(light))

    true = true_linear(scene, sensor, shot(0, light))
    red, blue = one.balance_error
    seen = light * [2.0**red, 1, 2.0**blue]
    exposure = shot(one.metering_error + one.ev * one.bracket, seen)
    raw = true_camera(scene, sensor, exposure)
    noise = noise_of([one], size, "stream/train", 0)
    shot_noise, read_noise = noise[:, 0].permute(0, 2, 3, 1).numpy()
    iso = camera.iso_of(exposure.gain, sensor)
    s, o = sensor.noise_profile(iso)
    raw = raw.clip(0, 4)
    full = min(sensor.full_well / sensor.electrons(iso), 1)
    raw = np.minimum(raw + np.sqrt(s * raw / one.sites) * shot_noise, full)
    raw = (raw + np.sqrt(o / one.sites) * read_noise).clip(-4 * math.sqrt(o), full)
    balanced = blend(np.float32(raw / sensor.white(tuple(seen))))
    linear = np.float32(balanced @ np.linalg.inv(sensor.mix).T)
    ev = one.ev * (not one.bracket)
    if one.block < 0:
        degraded = render(linear, ev)
    else:
        member = made.pools.member(one.block, one.entry)
        shown = encode_srgb(np.clip(linear * np.float32(2.0**ev), 0, 1))
        degraded = quantise(built_distort.through(member.layers, shown))
    bright = bright_region(scene)
    guide = Guide(None if bright is None else bright.astype(np.float32) / 255)
    _, drawn = draw_regions(recipe, f"stream/train/{one.position}", size, guide)
    return degraded, quantise(fusion(true)), drawn.regions


def test_the_members_of_a_pool_are_those_of_a_build(recipe):
    made = stream(recipe)
    member = made.pools.member(0, 1)
    rng = sample_rng(recipe.seed, "distort/0/train/1")
    expected, _ = built_distort._draw_entry(recipe.distort[0], (), rng)
    assert made.pools.records["distort/0/train/1"] == expected["record"]["layers"]
    assert len(member.layers) == 2


def test_a_view_is_the_one_that_a_build_cuts():
    rng = np.random.default_rng(1)
    panorama = cv2.resize(rng.random((16, 32, 3), np.float32), (256, 128))
    levels = pyramid(torch.from_numpy(panorama).permute(2, 0, 1).contiguous())
    for yaw, pitch, fov in ((0, 0, 70), (179, 20, 40), (-90, -60, 90)):
        ours = view(levels, Direction(yaw, pitch, 0, fov), (64, 96)).permute(1, 2, 0).numpy()
        theirs = perspective_view(panorama, yaw=yaw, pitch=pitch, fov=fov, size=(96, 64))
        np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_a_small_view_of_a_fine_panorama_does_not_alias():
    """A checkerboard finer than the pixels is grey, whatever the view meets of it."""
    board = np.indices((256, 512)).sum(0) % 2
    levels = pyramid(torch.from_numpy(np.repeat(board[None], 3, 0).astype(np.float32)))
    small = view(levels, Direction(10, 5, 3, 90), (32, 48))
    assert small.std() < 0.02 and small.mean() == pytest.approx(0.5, abs=0.01)


def test_rolling_turns_the_picture_about_its_middle():
    panorama = torch.rand(3, 64, 128, generator=torch.Generator().manual_seed(0))
    panorama = torch.nn.functional.avg_pool2d(panorama, 5, 1, 2)
    straight = view([panorama], Direction(30, 0, 0, 60), (64, 64))
    turned = view([panorama], Direction(30, 0, 90, 60), (64, 64))
    assert any(torch.allclose(turned, straight.rot90(k, (1, 2)), atol=1e-4) for k in (1, -1))


@pytest.mark.parametrize("key", ["meter", "estimate_light"])
def test_what_a_camera_decides_is_what_the_built_camera_decides(key):
    scenes = torch.rand(3, 3, 20, 30, generator=torch.Generator().manual_seed(2)) ** 4
    ours = getattr(camera, key)(scenes)
    for number, scene in enumerate(scenes):
        theirs = {"meter": meter, "estimate_light": estimate_light}[key](
            scene.permute(1, 2, 0).contiguous().numpy()
        )
        np.testing.assert_allclose(ours[number].numpy(), theirs, rtol=1e-5)


def test_noise_is_as_strong_as_the_sensor_says():
    sensor = SENSORS["phone-12bit"]
    grey = torch.full((1, 3, 200, 200), 0.2)
    noise = torch.randn(2, 1, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    gain = torch.ones(1)
    taken = camera.record(grey, gain, [sensor], torch.tensor([4.0]), noise)
    s, o = sensor.noise_profile(camera.iso_of(1.0, sensor))
    assert taken.var().item() == pytest.approx((s * 0.2 + o) / 4, rel=0.02)
    assert taken.mean().item() == pytest.approx(0.2, rel=1e-3)


def test_exposures_are_drawn_from_ranges_lists_and_distributions(recipe):
    def evs(evs):
        changed = replace(recipe, render=replace(recipe.render, evs=evs))
        return np.array([draw(changed, 0, "train", n, 2).ev for n in range(400)])

    flat = evs(Range(-3.0, 1.0))
    assert -3 <= flat.min() < -2.9 and 0.9 < flat.max() <= 1
    assert flat.mean() == pytest.approx(-1, abs=0.15)
    bell = evs(Range(-3.0, 1.0, (0.5, 0.3)))
    assert bell.max() <= 1 and bell.std() < 0.4 and 0.3 < bell.mean() < 0.5
    assert set(evs((-1.0, 0.5))) == {-1.0, 0.5}


def test_splits_have_scenes_and_distortions_of_their_own(recipe):
    halved = replace(recipe, split=replace(recipe.split, by="order", train=1.0, val=1.0))
    train, val = (stream(halved, split=name) for name in ("train", "val"))
    assert not {s.name for s in train.sources} & {s.name for s in val.sources}
    train.pools.member(0, 0), val.pools.member(0, 0)
    assert not set(train.pools.records) & set(val.pools.records)


def table(**changes):
    return {**TEXT, "source": {"kind": "panoramas", "folder": "x"}} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"render": {"evs": {"from": 2, "to": -2}}}, "from, to: need -10 <= from < to"),
        ({"render": {"evs": {"from": -2, "to": 2, "normal": [5, 1]}}}, "normal: needs a mean"),
        ({"render": {"evs": {"to": 2}}}, "evs: from is missing"),
        ({"render": {"evs": {"from": 0, "to": 0.5, "count": 9}}}, "count: must be 1 to 5"),
        ({"stream": {"fov": [90, 40]}}, "fov: needs 1 <= low <= high <= 150"),
        ({"stream": {"brackets": 2}}, "brackets: must be a share"),
        ({"stream": {"blur": 2}}, "unknown key 'blur'"),
        ({"distort": [{"families": ["tone"], "evs": [1]}]}, r"\[render\] evs is a range"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValueError, match=words) as refused:
        parse_recipe(table(**changes), where="r.toml")
    assert "\n" not in str(refused.value)


def test_streams_that_cannot_be_made_are_refused(recipe, tmp_path):
    with pytest.raises(StreamError, match="size: at least 16 pixels"):
        stream(recipe, size=(8, 96))
    with pytest.raises(StreamError, match="batch is 1 or more"):
        stream(recipe, batch=0)
    with pytest.raises(StreamError, match="split is one of train, val, test"):
        stream(recipe, split="all")
    with pytest.raises(StreamError, match="tiny: no scene in split 'val'"):
        stream(recipe, split="val")
    nowhere = replace(recipe, source=replace(recipe.source, folder=str(tmp_path / "none")))
    with pytest.raises(RecipeError, match="no such folder"):
        stream(nowhere)
    with pytest.raises(RecipeError, match="holds no picture"):
        stream(replace(recipe, source=replace(recipe.source, folder=str(tmp_path))))


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        ("render", {"tone": "filmic"}, r"\[render\] tone: a stream of panoramas takes none"),
        ("render", {"highlights": "rebuild"}, "takes blend or clip, not rebuild"),
        ("render", {"noise": "rgb"}, r"its camera's noise is \[stream\] noise"),
        ("stream", {"cameras": ("phone",)}, "cameras: no 'phone'"),
        ("source", {"references": ("camera",)}, "a stream of panoramas makes fusion, auto"),
    ],
)
def test_what_a_stream_cannot_do_is_not_left_out_in_silence(recipe, part, changes, words):
    with pytest.raises(StreamError, match=words):
        stream(replace(recipe, **{part: replace(getattr(recipe, part), **changes)}))


def test_a_device_that_is_not_there_is_refused(recipe):
    with pytest.raises(StreamError, match="device 'cuda:99' cannot be used"):
        stream(recipe, device="cuda:99")


def test_highlights_may_be_cut(recipe):
    cut = replace(recipe, render=replace(recipe.render, highlights="clip"))
    assert not same(stream(cut).batch(0), stream(recipe).batch(0))


def test_a_build_draws_exposures_of_a_range_per_scene(recipe):
    from datagen.build.plan import samples
    from datagen.sources import read_source

    one, two = read_source(recipe.source)
    drawn = [sorted({sample.ev for sample in samples(recipe, scene)}) for scene in (one, two)]
    assert [len(evs) for evs in drawn] == [5, 5]
    assert drawn[0] != drawn[1]
    assert drawn[0] == sorted({sample.ev for sample in samples(recipe, one)})
    assert all(-2 <= ev <= 2 for evs in drawn for ev in evs)


def test_the_shipped_recipe_is_read():
    shipped = load_recipe("stream")
    assert isinstance(shipped.render.evs, Range)
    assert shipped.resolved()["render"]["evs"]["from"] == shipped.render.evs.from_
    assert "stream" not in shipped.resolved()


# One file of light


def test_a_stream_needs_nothing_but_its_cache(recipe, tmp_path):
    assert save_light(recipe, tmp_path / "light", edge=0, plain=True) > 0
    nowhere = replace(recipe, source=replace(recipe.source, folder=str(tmp_path / "gone")))
    expected = stream(recipe).batch(0)
    found = stream(nowhere, cache=tmp_path / "light")
    assert found.pools.records  # drawn beforehand: nothing is left to calibrate
    assert same(found.batch(0), expected)


def test_a_small_cache_shows_what_the_panorama_does(recipe, tmp_path):
    size = save_light(recipe, tmp_path / "light", edge=0)
    assert size < 2 * 128 * 256 * 6 / 3
    exact, small = stream(recipe).batch(0), stream(recipe, cache=tmp_path / "light").batch(0)
    difference = (exact["reference"] - small["reference"]).abs() * 255
    assert difference.mean() < 3


def test_packed_light_is_exact_in_green_and_close_in_colour():
    rng = np.random.default_rng(3)
    grey = cv2.resize(rng.random((8, 16, 1), np.float32) ** 6 * 100, (64, 32))[..., None] + 0.01
    tint = cv2.resize(rng.uniform(0.7, 1.4, (8, 16, 3)).astype(np.float32), (64, 32))
    light = (grey * tint).astype(np.float16)
    light[5, 5] = 65504
    found = unpack(pack(light), (32, 64)).astype(np.float32)
    stops = np.abs(np.log2((found + 1e-3) / (light.astype(np.float32) + 1e-3)))
    assert stops[..., 1].max() < 0.006
    assert np.quantile(stops, 0.99) < 0.25
    assert np.isfinite(found).all()
    with pytest.raises(ValueError, match="takes float16 with even sides"):
        pack(light[1:])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: b"", "not a file of `datagen stream --cache`"),
        (lambda data: data[:40], "its header is damaged"),
        (lambda data: data[:-200], "cut short"),
    ],
)
def test_a_damaged_cache_is_one_line(recipe, tmp_path, damage, words):
    path = tmp_path / "light"
    save_light(recipe, path, plain=True)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CacheError, match=words):
        stream(recipe, cache=path)


def test_a_cache_of_another_recipe_is_refused(recipe, tmp_path):
    save_light(recipe, tmp_path / "light", plain=True)
    other = replace(recipe, seed=5)
    with pytest.raises(CacheError, match=r"made for another recipe \(tiny\)"):
        stream(other, cache=tmp_path / "light")
    with pytest.raises(CacheError, match="No such file"):
        stream(recipe, cache=tmp_path / "none")
    with pytest.raises(StreamError, match="more than place0 can give, 256 pixels around"):
        stream(recipe, size=(128, 192))


def test_the_command_writes_the_file(tmp_path, recipe, capsys):
    path = tmp_path / "r.toml"
    path.write_text(
        f'name = "r"\n[source]\nkind = "panoramas"\nfolder = "{recipe.source.folder}"\n'
    )
    assert main(["stream", str(path), "--cache", str(tmp_path / "light")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "light")
    assert (tmp_path / "light").stat().st_size > 0


# Pictures and data sets


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of two 16-bit pictures, one with a matte."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(5)
    (folder / "segmentations").mkdir()
    for name in ("one", "two"):
        picture = cv2.resize(rng.random((6, 9, 3), np.float32), (96, 64))
        write_image(folder / f"{name}.png", quantise(picture, 16))
        matte = np.zeros((64, 96), np.uint8)
        matte[20:50, 30:70] = 255
        write_image(folder / "segmentations" / f"{name}.png", matte)
    return parse_recipe(
        {
            "name": "pictures",
            "source": {"folder": str(folder), "references": ["fusion", "auto"]},
            "render": {"evs": [-1.0, 0.5]},
            "mask": [{"kind": "segmentation"}],
            "split": {"train": 1.0, "val": 0.0, "test": 0.0},
        },
        where="pictures.toml",
    )


def test_crops_of_pictures_are_those_of_a_build(pictures, tmp_path):
    """At the scene's own size a streamed picture is a built one, reference and regions too."""
    data = datagen.open(build(pictures, tmp_path / "set", Resources("serial", 1)).place)
    made = stream(pictures, size=(64, 96))
    for one in (draw(pictures, 0, "train", n, 2) for n in range(4)):
        whole = replace(one, zoom=1.0, mirrored=False)
        batch = made.make([whole], (64, 96))
        scene, ev = batch["drawn"][0]["scene"], batch["drawn"][0]["ev"]
        row = next(row for row in data.rows if row.scene == scene and row.ev == ev)
        for name in ("fusion", "auto"):
            pair = datagen.load_pair(data, row, name)
            shown = batch["references"][name][0].permute(1, 2, 0).numpy()
            assert np.abs(shown - pair.reference).max() <= 1.01 / 255
        shown = batch["degraded"][0].permute(1, 2, 0).numpy()
        assert np.abs(shown - pair.degraded).max() <= 1.01 / 255
        assert batch["regions"][0, 0].any() and not batch["regions"][0, 0].all()


def test_crops_are_placed_scaled_and_cached(pictures, tmp_path):
    expected = stream(pictures, size=(24, 32)).batch(0)
    save_light(pictures, tmp_path / "light", plain=True)
    assert same(stream(pictures, size=(24, 32), cache=tmp_path / "light").batch(0), expected)
    assert expected["degraded"].shape == (4, 3, 24, 32)
    assert {one["ev"] for one in expected["drawn"]} <= {-1.0, 0.5}
    noisy = replace(pictures, render=replace(pictures.render, noise="rgb"))
    with pytest.raises(StreamError, match="a stream of pictures adds none"):
        stream(noisy, size=(24, 32))
    with pytest.raises(StreamError, match="128 x 64 pixels are more than one has, 96 x 64"):
        stream(pictures, size=(64, 128))


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_can_be_streamed(kind, tmp_path):
    """Raws and pictures at drawn exposures, ready exposures as they are; each with a reference."""
    MINIATURES[kind][0](tmp_path)
    source = {"kind": kind, "folder": str(tmp_path), "references": ["all", "fusion"]}
    if kind == "panoramas":
        source["references"] = ["fusion"]
    split = {"train": 1.0, "val": 0.0, "test": 0.0}
    changes = {"source": source, "split": split, "stream": {"fov": [90, 120]}}
    recipe = parse_recipe({"name": "r"} | changes, where="r.toml")
    batch = stream(recipe, size=(16, 24), batch=4).batch(0)
    assert batch["degraded"].shape == batch["reference"].shape == (4, 3, 16, 24)
    assert "fusion" in batch["references"]
    ready = any(len(scene.inputs) for scene in read_source(recipe.source))
    known = {round(ev, 2) for ev in batch["ev"].tolist() if ev == ev}
    assert known <= set(MSEC_EVS) or ready
    if kind in ("lol", "uieb"):
        assert torch.isnan(batch["ev"]).all()


def test_the_readme_s_fifteen_lines_train_a_model(recipe, tmp_path, monkeypatch):
    """As they stand, on the tiny panoramas, for two steps."""
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    part = text[text.index("## Train your own model on a stream") :]
    code = part[part.index("```python\n") + 10 :]
    code = code[: code.index("```")]
    lines = [line for line in code.splitlines() if line]
    assert len(lines) <= 16
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hdri").symlink_to(recipe.source.folder)
    split = '"split.train=1.0", "split.val=0.0", "split.test=0.0", "split.by=hash"'
    code = code.replace("range(1000)", "range(2)").replace("num_workers=1", "num_workers=0")
    code = code.replace('["source.folder=hdri"]', f'["source.folder=hdri", {split}]')
    script = tmp_path / "mine.py"
    script.write_text(code)
    runpy.run_path(str(script))
    assert set(torch.load(tmp_path / "mine.pth")) == {"0.weight", "0.bias", "2.weight", "2.bias"}


def test_a_stream_needs_few_libraries(recipe, tmp_path):
    """Once cached: torch, numpy, OpenCV and scipy; a bare GPU machine has no more."""
    changed = replace(
        recipe.distort[0],
        families=("tone", "illuminant", "warp"),
        library=("tungsten",),
        shared=True,
    )
    recipe = replace(recipe, distort=(changed,))
    save_light(recipe, tmp_path / "light", edge=0)
    text = tmp_path / "r.toml"
    source = recipe.source
    text.write_text(
        f'name = "tiny"\n[source]\nkind = "{source.kind}"\nfolder = "gone"\n'
        'references = ["fusion", "auto"]\n[render]\nevs = {from = -2, to = 2}\n'
        '[[distort]]\nfamilies = ["tone", "illuminant", "warp"]\nlibrary = ["tungsten"]\n'
        "shared = true\nseverity = [3, 6]\npool = 3\nstack = 2\n"
        '[[mask]]\nkind = "circle"\n[split]\ntrain = 1\nval = 0\ntest = 0\n'
    )
    code = f"""
import sys
NEEDED = {{"torch", "numpy", "cv2", "scipy"}}
ABSENT = {{"PyOpenColorIO", "colour", "flip_evaluator", "imagecodecs", "imageio", "jinja2",
          "matplotlib", "pandas", "rawpy", "safetensors", "tifffile", "tqdm"}}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import datagen
pairs = datagen.stream({str(text)!r}, size=(32, 48), batch=8, cache={str(tmp_path / "light")!r})
print(pairs.batch(0)["degraded"].shape[0])
"""
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert shown.stdout.strip() == "8", shown.stderr[-2000:]


@pytest.mark.parametrize(
    "how", ["deep", "long", "key", "pools", "shape", "light", "offset", "flat"]
)
def test_a_strange_header_of_a_cache_is_one_line(how, recipe, tmp_path):
    path = tmp_path / "light"
    save_light(recipe, path)
    data = path.read_bytes()
    begin = len(MAGIC) + 17
    end = begin + int(data[len(MAGIC) : begin], 16)
    header = json.loads(data[begin:end])
    arrays = header["scenes"][0]["arrays"]
    match how:
        case "key":
            del header["key"]
        case "pools":
            header["pools"] = [1]
        case "shape":
            arrays["light"]["shape"] = [10**9, 2, 3]
        case "light":
            arrays["dark"] = arrays.pop("light")
        case "offset":
            arrays["light"]["offset"] = -64
        case "flat":
            header = [header]
    text = b"[" * 100_000 if how == "deep" else json.dumps(header).encode()
    claimed = 1 << 62 if how == "long" else len(text)
    path.write_bytes(MAGIC + f"{claimed:016x}\n".encode() + text + data[end:])
    with pytest.raises(CacheError, match="its header is damaged: ") as found:
        stream(recipe, cache=path)
    assert len(str(found.value).splitlines()) == 1
