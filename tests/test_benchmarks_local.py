"""benchmarks.methods.blended: what makes a global model local."""

from __future__ import annotations

import pytest
import torch

from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.local.ranlen import RegionNorm
from benchmarks.methods.models.parts.layers import identity_convolution


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def small(conversion):
    """A small host made local in any way, listed in the table or not."""
    if conversion == "concat":
        return build("zero_dce_pp+concat")
    return build(f"star_dce+{conversion}", host="zero_dce_pp")


def maps(h, w, a, ab):
    """Columns below `a` are A, below `ab` A or B."""
    regions = torch.zeros(1, 2, h, w)
    regions[:, 0, :, :a] = 1
    regions[:, 1, :, :ab] = 1
    return regions


def region_norm(norm="none"):
    torch.manual_seed(0)
    return RegionNorm(4, mask_channels=2, hidden=8, norm=norm)


def test_region_norm_is_the_papers_equation():
    layer = region_norm("batch")
    h, regions = images(2, 4, 12, 12), maps(12, 12, 4, 8).expand(2, -1, -1, -1)
    gamma, beta = layer.modulation(torch.relu(layer.embed(regions))).chunk(2, dim=1)
    mean = h.mean((0, 2, 3), keepdim=True)
    deviation = h.var((0, 2, 3), unbiased=False, keepdim=True).sqrt()
    expected = (h - mean) / deviation * (1 + gamma) + beta
    torch.testing.assert_close(layer(h, regions), expected, atol=1e-4, rtol=1e-3)


def test_features_far_inside_a_region_are_modulated_alike_and_across_regions_differently():
    layer = region_norm()
    out = layer(torch.ones(1, 4, 6, 36), maps(6, 36, 12, 24))[0, :, 3]
    for inside in (slice(3, 9), slice(15, 21), slice(27, 33)):
        assert out[:, inside].std(dim=1).max() < 1e-6
    assert (out[:, 6] - out[:, 18]).abs().max() > 1e-3
    assert (out[:, 18] - out[:, 30]).abs().max() > 1e-3


def test_thin_regions_survive_the_smaller_grid():
    layer = region_norm()
    thin = torch.zeros(1, 2, 64, 64)
    thin[..., 21] = 1  # one column: nearest neighbour at 8 x 8 would miss it
    h = torch.ones(1, 4, 8, 8)
    assert not torch.equal(layer(h, thin), layer(h, torch.zeros_like(thin)))


def test_the_refining_convolution_starts_as_the_identity():
    x = images(1, 3, 9, 9)
    torch.testing.assert_close(identity_convolution()(x), x)


def test_the_ablation_without_a_band_reads_only_a():
    x = images(1, 3, 24, 24)
    torch.manual_seed(0)
    model = small("ranlen_no_band").eval()
    narrow, wide = maps(24, 24, 8, 10), maps(24, 24, 8, 20)
    assert torch.equal(model(x, narrow).image, model(x, wide).image)
    model = build("zero_dce_pp+ranlen").eval()
    assert not torch.equal(model(x, narrow).image, model(x, wide).image)


@pytest.mark.parametrize("conversion", ["concat", "ranlen", "three_tails"])
def test_no_regions_means_a_everywhere(conversion):
    x = images(1, 3, 24, 24)
    model = small(conversion).eval()
    torch.testing.assert_close(model(x).image, model(x, torch.ones(1, 2, 24, 24)).image)


def test_each_tail_paints_its_own_region():
    x, regions = images(1, 3, 12, 36), maps(12, 36, 12, 24)
    model = small("three_tails").eval()
    before = model(x, regions).image
    columns = {"A": slice(0, 12), "B": slice(12, 24), "C": slice(24, 36)}
    for region in "ABC":
        with torch.no_grad():
            model.tails[region].outer.bias += 0.1
        changed = (model(x, regions).image - before).abs().amax((0, 1, 2)) > 0.05
        with torch.no_grad():
            model.tails[region].outer.bias -= 0.1
        expected = torch.zeros(36, dtype=torch.bool)
        expected[columns[region]] = True
        assert torch.equal(changed, expected)


def test_regions_of_another_size_are_refused():
    with pytest.raises(ModelError, match="regions must be"):
        build("zero_dce_pp+ranlen")(images(1, 3, 24, 24), torch.ones(1, 2, 20, 24))
    with pytest.raises(ModelError, match="regions must be"):
        build("zero_dce_pp+concat")(images(1, 3, 24, 24), torch.ones(1, 1, 24, 24))


def test_unknown_norms_and_hosts_without_sites_are_refused():
    with pytest.raises(ModelError, match="norm must be one of batch, instance, none"):
        build("zero_dce+ranlen", norm="layer")
    with pytest.raises(ModelError, match="no features that regions could modulate"):
        build("zero_dce+ranlen", host="highlight_shadow_gain")


def test_a_setting_of_the_host_reaches_the_host():
    assert build("zero_dce+ranlen", degree=0.5).host.degree == 0.5
    with pytest.raises(ModelError, match="unknown setting degre"):
        build("zero_dce+ranlen", degre=0.5)
