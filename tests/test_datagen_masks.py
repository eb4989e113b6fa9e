"""Region maps: the geometry of every kind, the weight in the band, the ideal blend."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from datagen.regions import geometry, shapes
from datagen.regions import labels as masks
from datagen.regions.labels import A, B, C
from luts.colour.transfer import decode_srgb

SIZES = [(90, 120), (120, 90), (37, 53)]


def subject(size: tuple[int, int]) -> np.ndarray:
    """A blob with a thin arm and a speck."""
    matte = np.zeros(size, np.float32)
    height, width = size
    matte[height // 4 : height // 2, width // 4 : width // 2] = 1
    matte[height // 3 : height // 3 + 2, : width - 5] = 1
    matte[height - 4, width - 4] = 1
    return matte


def guide(size: tuple[int, int]) -> geometry.Guide:
    return geometry.Guide(subject(size), (0.25, 0.5))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", shapes.SHAPES)
def test_every_kind_gives_a_label_image_with_something_to_correct(kind, size):
    shape = shapes.SHAPES[kind]()
    for seed in range(8):
        drawn = shape.draw(size, np.random.default_rng(seed), guide(size))
        again = shape.draw(size, np.random.default_rng(seed), guide(size))
        assert drawn.regions.shape == size and drawn.regions.dtype == np.uint8
        assert (drawn.regions == A).any()
        assert (drawn.regions == again.regions).all() and drawn.parameters == again.parameters
        assert sum(masks.coverage(drawn.regions).values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", sorted(set(shapes.SHAPES) - {"whole", "matte"}))
def test_a_never_touches_c_without_a_band_between(kind):
    size = (180, 240)
    regions = shapes.SHAPES[kind]().draw(size, np.random.default_rng(1), guide(size)).regions
    inside = binary_erosion(regions >= B, np.ones((3, 3)), border_value=1)
    if kind == "segmentation":
        assert ((regions == A) <= (subject(size) > 0)).all()
    assert inside[regions == A].all()


def test_the_circle_follows_the_rule_of_the_paper():
    """RANLEN, section 4.1: r1 = 2m/7 and r2 ~ U(1.2 r1, 1.25 r1), m the shorter side."""
    circle = shapes.Circle(centre="middle")
    size = (700, 900)
    ratios = []
    for seed in range(40):
        drawn = circle.draw(size, np.random.default_rng(seed), geometry.Guide())
        ratios.append(drawn.parameters["r2"] / drawn.parameters["r1"])
        assert drawn.parameters["r1"] == pytest.approx(200, abs=1e-3)
    assert 1.2 <= min(ratios) < 1.21 and 1.24 < max(ratios) <= 1.25
    area = (drawn.regions == A).sum()
    assert area == pytest.approx(np.pi * 200**2, rel=1e-3)
    outer = (drawn.regions >= B).sum()
    assert outer == pytest.approx(np.pi * drawn.parameters["r2"] ** 2, rel=1e-3)


def test_a_random_circle_lies_inside_the_picture():
    for seed in range(30):
        drawn = shapes.Circle().draw((100, 150), np.random.default_rng(seed), geometry.Guide())
        area = np.pi * drawn.parameters["r1"] ** 2
        assert (drawn.regions == A).sum() == pytest.approx(area, rel=0.02)


def test_a_stored_centre_is_used_or_missed():
    size = (100, 200)
    drawn = shapes.Circle("stored").draw(size, np.random.default_rng(0), guide(size))
    assert (drawn.parameters["x"], drawn.parameters["y"]) == (50, 50)
    with pytest.raises(ValueError, match="wants the centre stored"):
        shapes.Circle("stored").draw(size, np.random.default_rng(0), geometry.Guide())


@pytest.mark.parametrize("kernel", ["disc", "square"])
def test_erosion_takes_the_radius_off_every_side(kernel):
    matte = np.zeros((100, 100), np.float32)
    matte[20:80, 20:80] = 1
    shape = shapes.Segmentation(kernel=kernel, erode=0.1)
    regions = shape.draw((100, 100), np.random.default_rng(0), geometry.Guide(matte)).regions
    assert (regions[30:70, 30:70] == A).all() and (regions == A).sum() == 40 * 40
    assert (regions >= B).sum() == 60 * 60


def test_dilation_rounds_the_corners_of_a_disc():
    matte = np.zeros((100, 100), np.float32)
    matte[40:60, 40:60] = 1
    shape = shapes.Segmentation(erode=0.0, dilate=0.1)
    regions = shape.draw((100, 100), np.random.default_rng(0), geometry.Guide(matte)).regions
    assert (regions == A).sum() == 400
    assert regions[50, 30] == B and regions[50, 29] == C
    assert regions[33, 33] == B and regions[31, 31] == C


def test_a_subject_thinner_than_the_erosion_keeps_some_a():
    matte = np.zeros((200, 200), np.float32)
    matte[100:103] = 1
    drawn = shapes.Segmentation(erode=0.1).draw((200, 200), None, geometry.Guide(matte))
    assert (drawn.regions == A).any() and drawn.parameters["erode"] < 3


def test_a_matte_is_cut_in_three():
    ramp = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (10, 1))
    regions = (
        shapes.Matte(opaque=0.9, clear=0.1).draw((10, 101), None, geometry.Guide(ramp)).regions
    )
    assert regions[0].tolist() == [C] * 11 + [B] * 79 + [A] * 11


def test_alpha_is_the_smoothstep_of_the_distances():
    """On a line the distances are whole numbers: A at 0, B at 1 to 3, C from 4 on."""
    regions = np.array([[A, B, B, B, C]], np.uint8)
    share = np.array([3 / 4, 2 / 4, 1 / 4])
    expected = [1, *(share**2 * (3 - 2 * share)), 0]
    np.testing.assert_allclose(masks.alpha(regions)[0], expected, atol=1e-7)


def test_alpha_without_a_far_side_is_flat():
    assert (masks.alpha(np.array([[A, B]], np.uint8)) == 1).all()
    assert (masks.alpha(np.array([[C, B]], np.uint8)) == 0).all()


def test_the_ideal_blends_light_and_leaves_a_and_c_alone(rng):
    degraded, reference = rng.random((2, 5, 6, 3)).astype(np.float32)
    weight = np.zeros((5, 6), np.float32)
    weight[:, 2:4], weight[:, 4:] = 0.5, 1
    ideal = masks.ideal(degraded, reference, weight)
    assert (ideal[:, :2] == degraded[:, :2]).all() and (ideal[:, 4:] == reference[:, 4:]).all()
    middle = (decode_srgb(degraded) + decode_srgb(reference))[:, 2:4] / 2
    np.testing.assert_allclose(decode_srgb(ideal[:, 2:4]), middle, atol=1e-6)


@pytest.mark.parametrize(
    "regions", [np.zeros((2, 2)), np.full((2, 2), 3, np.uint8), np.zeros((2, 2, 1), np.uint8)]
)
def test_what_is_no_label_image_is_refused(regions):
    with pytest.raises(ValueError, match="a region map"):
        masks.alpha(regions)
