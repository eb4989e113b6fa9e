"""Masks from files: the subject as the values tell it, or a refusal that names them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from datagen.cli import main
from datagen.regions.mask_file import MaskError, read_mask

from .picture_files import exif, pillow

Y, X = np.mgrid[:100, :150]
PIC = np.stack([X * 255 // 149, Y * 255 // 99, 255 - X * 255 // 149], -1).astype(np.uint8)
OBJECT = (X - 100) ** 2 + (Y - 50) ** 2 < 30**2
OTHER = X < 30
FULL = OBJECT * np.uint8(255)
CLASSES = np.where(OBJECT, 18, np.where(OTHER, 15, 0)).astype(np.uint8)


def palette(labels, colours):
    image = Image.fromarray(labels).convert("L")
    image.putpalette([part for i in range(256) for part in colours.get(i, (0, 0, 0))])
    return image


VOC = palette(CLASSES, {15: (192, 128, 128), 18: (0, 192, 0), 255: (224, 224, 192)})


def save(path, what):
    if isinstance(what, np.ndarray):
        what = Image.fromarray(what)
    if isinstance(what, Image.Image):
        what.save(path)
    else:
        path.write_bytes(what)
    return path


def iou(matte, wanted=OBJECT):
    found = matte >= 0.5
    return (found & wanted).sum() / (found | wanted).sum()


BINARY = Image.fromarray(FULL)
SOFT = np.clip(255 * (0.5 + (30 - np.hypot(X - 100, Y - 50)) / 8), 0, 255).astype(np.uint8)
TOLD = {
    "cut-out.png": (np.dstack([PIC, FULL]), "alpha"),
    "grey and alpha.png": (
        Image.fromarray(np.dstack([np.full_like(FULL, 255), FULL]), "LA"),
        "alpha",
    ),
    "opaque.png": (np.dstack([FULL, FULL, FULL, np.full_like(FULL, 255)]), "0 and 255"),
    "0 and 255.png": (FULL, "0 and 255"),
    "0 and 1.png": (FULL // 255, "0 and 1"),
    "0 and 7.png": (FULL // 255 * 7, "0 and 7"),
    "one bit.png": (Image.fromarray(FULL).convert("1"), "0 and 1"),
    "soft.png": (SOFT, "grey"),
    "sixteen bits.png": (SOFT.astype(np.uint16) * 257, "grey"),
    "trimap.png": (np.where(OBJECT, 255, np.where(OTHER, 100, 0)).astype(np.uint8), "grey"),
    "photo.jpg": (pillow(Image.fromarray(SOFT).convert("RGB"), "JPEG", quality=90), "grey"),
    "green.png": (
        np.where(OBJECT[..., None], np.uint8((0, 128, 0)), np.uint8(0)),
        "black and #008000",
    ),
    "hard.webp": (pillow(Image.fromarray(FULL).convert("RGB"), "WEBP", lossless=True), "0 and 255"),
    "hard.gif": (Image.fromarray(FULL).convert("RGB").quantize(2), "0 and 1"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_mask_is_told_by_its_values(tmp_path, name):
    what, read = TOLD[name]
    found = read_mask(save(tmp_path / name, what))
    assert found.matte.dtype == np.float32 and 0 <= found.matte.min() <= found.matte.max() <= 1
    if name != "hard.gif":  # which of two palette entries is which is up to the writer
        assert iou(found.matte) > 0.99 and found.read == read


def test_min_is_white_and_orientation_are_undone(tmp_path):
    path = tmp_path / "white0.tif"
    tifffile.imwrite(path, 255 - FULL, photometric="miniswhite")
    assert iou(read_mask(path).matte) == 1
    turned = pillow(Image.fromarray(np.rot90(FULL).copy()), "PNG", exif=exif(orientation=6))
    assert iou(read_mask(save(tmp_path / "turned.png", turned)).matte) == 1


def test_a_mask_may_be_an_array(tmp_path):
    for name, array in (("a", OBJECT), ("b", OBJECT.astype(np.int64)), ("c", OBJECT * 0.9)):
        np.save(tmp_path / f"{name}.npy", array)
        assert iou(read_mask(tmp_path / f"{name}.npy").matte) == 1
    np.save(tmp_path / "d.npy", OBJECT * 3.0)
    with pytest.raises(MaskError, match="outside 0 to 1"):
        read_mask(tmp_path / "d.npy")


@pytest.mark.parametrize("kind", ["palette", "grey", "tiff palette", "colours"])
def test_classes_are_taken_by_number_name_and_colour(tmp_path, kind):
    path = tmp_path / ("a.tif" if "tiff" in kind else "a.png")
    (tmp_path / "classes.txt").write_text("\n".join(["background", *"bcdefghijklmno", "person"]))
    if kind == "tiff palette":
        table = np.zeros((3, 256), np.uint16)
        table[:, 15], table[:, 18] = 20000, 40000
        tifffile.imwrite(path, CLASSES, photometric="palette", colormap=table)
    else:
        save(path, {"palette": VOC, "grey": CLASSES, "colours": VOC.convert("RGB")}[kind])
    if kind == "colours":
        assert iou(read_mask(path, classes=["#00c000"]).matte) == 1
        assert iou(read_mask(path, classes=["#c08080"]).matte, OTHER) == 1
        return
    assert iou(read_mask(path, classes=[18]).matte) == 1
    assert iou(read_mask(path, classes=["person"]).matte, OTHER) == 1
    assert iou(read_mask(path, classes=[15, 18]).matte, OBJECT | OTHER) == 1
    for wrong, message in (([7], "it holds 0, 15, 18"), (["sofa"], "has no class 'sofa'")):
        with pytest.raises(MaskError, match=message):
            read_mask(path, classes=wrong)


def test_an_instance_is_taken_by_size_or_number(tmp_path):
    path = save(tmp_path / "a.png", CLASSES)
    assert iou(read_mask(path, instance=15).matte, OTHER) == 1
    larger = OTHER if OTHER.sum() > OBJECT.sum() else OBJECT
    assert iou(read_mask(path, instance="largest").matte, larger) == 1
    parts = save(tmp_path / "b.png", np.uint8(255 * (OBJECT | OTHER)))  # two parts, no numbers
    assert iou(read_mask(parts, instance="largest").matte, larger) == 1
    with pytest.raises(MaskError, match="has no instance 9; it holds 0, 15, 18"):
        read_mask(path, instance=9)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (VOC, r"a palette of classes 0, 15, 18; say which .* classes = \[\.\.\.\]"),
        (CLASSES, "a map of 0, 15, 18, not a matte"),
        (np.where(CLASSES == 15, 255, CLASSES).astype(np.uint8), "a map of 0, 18, 255"),
        (CLASSES.astype(np.uint16) * 10, "a map of 0, 150, 180"),
        (VOC.convert("RGB"), "colours #000000, #00c000, #c08080"),
        (PIC, "a picture of [0-9]+ colours, not a mask"),
        (np.zeros((8, 8), np.uint8), "holds no subject; it holds 0"),
        (b"nothing", "not a PNG"),
    ],
)
def test_a_mask_that_cannot_be_told_is_refused_with_its_values(tmp_path, what, message):
    path = save(tmp_path / "a.png", what)
    with pytest.raises(MaskError, match=message) as caught:
        read_mask(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_build_records_how_a_mask_was_read_and_names_the_one_that_was_not(tmp_path, capsys):
    photos = tmp_path / "m"
    (photos / "segmentations").mkdir(parents=True)
    for name in ("cutout", "voc"):
        save(photos / f"{name}.png", PIC)
    save(photos / "segmentations" / "cutout.png", np.dstack([PIC, FULL]))
    save(photos / "segmentations" / "voc.png", VOC)
    recipe = tmp_path / "m.toml"
    recipe.write_text(
        f'name="m"\n[source]\nfolder="{photos}"\n[render]\nevs=[0.0]\nlong_edge=0\n'
        '[[mask]]\nkind="segmentation"\n'
    )
    build = ["build", str(recipe), "--engine", "serial", "-o"]
    assert main([*build, str(tmp_path / "out")]) == 1
    shown = capsys.readouterr().err
    assert "failed: voc: no_mask: segmentations/voc.png: a palette of classes 0, 15, 18" in shown
    lines = (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()
    (row,) = (row for row in map(json.loads, lines) if row["scene"] == "cutout")
    assert row["segmentation"] == {"path": "segmentations/cutout.png", "read": "alpha"}
    args = [*build, str(tmp_path / "classes"), "--set", "source.classes=[18]"]
    assert main([*args, "--set", "source.limit=0"]) == 1  # the cut-out has no class 18
    assert "failed: cutout" in capsys.readouterr().err
    for wrong in ("classes=[true]", "classes=[-1]", "instance=x", "instance=0"):
        assert main([*build, str(tmp_path / "no"), "--set", f"source.{wrong}"]) == 2
        assert wrong.partition("=")[0] in capsys.readouterr().err
