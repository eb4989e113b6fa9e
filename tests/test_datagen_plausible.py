"""Notes: what looks like a wrong reading is said by build, verify, stats and preview."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from datagen.cli import main
from datagen.dataset.read import open_dataset
from datagen.dataset.stats import counts
from datagen.develop.plausible import exposure_note, reference_notes, scene_notes


def photo(seed, size=(120, 180), blur=3):
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth))


@pytest.mark.parametrize(
    ("linear", "message"),
    [
        (np.full((8, 8, 3), 3.0), "100% of the scene is white at EV 0"),
        (np.full((8, 8, 3), 1e-5), "100% of the scene is black at EV 0"),
        (np.full((8, 8, 3), 250.0), "250.0 times as bright as white"),
        (np.full((8, 8, 3), 0.3), "the scene is flat"),
    ],
)
def test_an_implausible_scene_is_noted(linear, message):
    assert any(message in note for note in scene_notes(linear.astype(np.float32)))


def test_a_sound_scene_is_not():
    linear = np.random.default_rng(0).uniform(0, 1.3, (40, 40, 3)).astype(np.float32)
    assert scene_notes(linear) == []
    assert scene_notes(linear * np.float32(0.02)) == []  # a night


def test_references_at_the_end_of_their_range_are_noted():
    assert reference_notes("c", np.full((4, 4, 3), 255, np.uint8)) == ["reference c is 100% white"]
    assert reference_notes("c", np.zeros((4, 4, 3), np.uint16)) == ["reference c is 100% black"]
    assert reference_notes("c", photo(0)) == []
    assert exposure_note(-4.0, 4.0) == ["automatic exposure stopped at -4 EV, the end of its range"]
    assert exposure_note(1.0, 4.0) == []


def lol(folder, references):
    """Pairs: inputs at a sixth, and the references given."""
    for part in ("low", "high"):
        (folder / "our485" / part).mkdir(parents=True)
    for number, reference in enumerate(references):
        cv2.imwrite(str(folder / f"our485/low/{number}.png"), photo(number) // 6)
        cv2.imwrite(str(folder / f"our485/high/{number}.png"), reference)


def build(tmp_path, source, *settings, out="out"):
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'name="r"\n[source]\n{source}\n[render]\nlong_edge=0\nevs=[0.0]\n')
    args = [part for setting in settings for part in ("--set", setting)]
    return main(["build", str(recipe), "-o", str(tmp_path / out), "--engine", "serial", *args])


def test_swapped_mirrored_and_turned_references_are_named(tmp_path, capsys):
    true = [photo(number) for number in range(5)]
    lol(tmp_path / "lol", [true[0], true[2], true[1], true[3][::-1, ::-1], true[4][:, ::-1]])
    assert build(tmp_path, f'kind="lol"\nfolder="{tmp_path / "lol"}"') == 1
    shown = capsys.readouterr().err
    for number, word in ((3, "upside down"), (4, "mirrored")):
        assert f"failed: our485_{number}: misaligned: our485/high/{number}.png: is {word}" in shown
    doubted = [n for n in range(5) if f"our485_{n}: reference reference: no evidence" in shown]
    refused = [n for n in range(5) if f"our485/high/{n}.png: is shifted" in shown]
    assert sorted(doubted + refused) == [1, 2]
    assert f"{len(doubted)} scenes with notes" in shown or not doubted
    assert main(["verify", str(tmp_path / "out")]) == 0
    assert all(f"note: our485_{n}: " in capsys.readouterr().err for n in doubted[:1])
    assert main(["verify", str(tmp_path / "out"), "--strict"]) == bool(doubted)
    kinds = counts(open_dataset(tmp_path / "out"))["notes"]
    assert kinds["reference reference"] == len(doubted) and kinds["none"] == 1
    assert main(["preview", str(tmp_path / "out"), "-o", str(tmp_path / "p.html")]) == 0
    page = (tmp_path / "p.html").read_text()
    assert ("no evidence" in page) == bool(doubted)


def experts(folder, number, *names):
    for name in names:
        (folder / "references" / name).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / "references" / name / f"{number}.png"), photo(number))


def test_one_bad_expert_leaves_the_others(tmp_path, capsys):
    folder = tmp_path / "photos"
    experts(folder, 0, "a", "b", "c", "d")
    cv2.imwrite(str(folder / "0.png"), photo(0))
    cv2.imwrite(str(folder / "references/b/0.png"), np.roll(photo(0), 6, axis=1))
    whole = (folder / "references/c/0.png").read_bytes()
    (folder / "references/c/0.png").write_bytes(whole[: len(whole) // 2])
    small = cv2.resize(photo(0), (60, 40), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "references/d/0.png"), small)
    assert build(tmp_path, f'folder="{folder}"') == 0
    shown = capsys.readouterr().err
    assert "note: 0: reference b is left out: references/b/0.png: is shifted by +6" in shown
    assert "note: 0: reference c is left out: references/c/0.png: truncated" in shown
    assert "note: 0: reference d is enlarged 3.0 times" in shown
    (row,) = open_dataset(tmp_path / "out").rows
    assert sorted(row.references) == ["a", "d"] and len(row.notes) == 3


def test_one_bad_exposure_leaves_the_others(tmp_path, capsys):
    folder = tmp_path / "msec"
    (folder / "training/INPUT_IMAGES").mkdir(parents=True)
    (folder / "training/GT_IMAGES").mkdir()
    for stops in ("N1.5", "0", "P1"):
        cv2.imwrite(str(folder / f"training/INPUT_IMAGES/a1_{stops}.JPG"), photo(1))
    cv2.imwrite(str(folder / "training/GT_IMAGES/a1.jpg"), photo(1))
    cut = folder / "training/INPUT_IMAGES/a1_P1.JPG"
    cut.write_bytes(cut.read_bytes()[:1500])
    assert build(tmp_path, f'kind="msec"\nfolder="{folder}"') == 1
    assert "failed: a1: corrupt: training/INPUT_IMAGES/a1_P1.JPG: trunc" in capsys.readouterr().err
    rows = open_dataset(tmp_path / "out").rows
    assert {row.ev: row.status for row in rows} == {-1.5: "ok", 0.0: "ok", 1.0: "corrupt"}


def test_float_references_are_light(tmp_path):
    import tifffile

    from luts.colour.transfer import decode_srgb

    folder = tmp_path / "photos"
    (folder / "references/a").mkdir(parents=True)
    rgb = photo(0)
    cv2.imwrite(str(folder / "0.png"), rgb[..., ::-1])
    light = decode_srgb(rgb.astype(np.float32) / 255)
    tifffile.imwrite(folder / "references/a/0.tif", light, photometric="rgb")
    assert build(tmp_path, f'folder="{folder}"') == 0
    pair = open_dataset(tmp_path / "out")[0]
    assert np.abs(pair.reference - rgb / np.float32(255)).max() < 0.003


def test_the_reference_is_chosen_once_for_the_set(tmp_path):
    from benchmarks.training.pairs import Pairs
    from datagen.dataset.manifest import ManifestError

    folder = tmp_path / "photos"
    for number in range(4):
        experts(folder, number, "b", *("a" if number != 2 else ""))
        cv2.imwrite(str(folder / f"{number}.png"), photo(number))
    everything = ["split.train=1", "split.val=0", "split.test=0"]
    assert build(tmp_path, f'folder="{folder}"\nreferences=["all"]', *everything) == 0
    pairs = Pairs(tmp_path / "out", "train")
    assert (pairs.reference, len(pairs), pairs.left_out) == ("a", 3, 1)
    assert len([pairs[index] for index in range(len(pairs))]) == 3
    assert len(Pairs(tmp_path / "out", "train", reference="b")) == 4
    with pytest.raises(ManifestError, match="no sample has a reference 'c'; there are"):
        Pairs(tmp_path / "out", "train", reference="c")
