"""Published numbers: complete, sourced, and consistent with themselves where they must be."""

from __future__ import annotations

import statistics

import pytest

from benchmarks.report.published import PublishedError, read_published, read_values

ROWS = read_published()
EXPERTS = "abcde"
MSEC = {
    (row.protocol.name, row.method, row.reference, row.metric): row
    for row in ROWS
    if row.protocol.name.startswith("msec")
}
MSEC_METHODS = sorted({method for _, method, _, _ in MSEC})


def test_msec_has_its_54_rows():
    assert len(MSEC_METHODS) == 18
    assert len(MSEC) == 54 * (6 * 2 + 1)


@pytest.mark.parametrize("method", MSEC_METHODS)
@pytest.mark.parametrize("block", ["msec_properly_over", "msec_under", "msec_all"])
@pytest.mark.parametrize("metric", ["psnr", "ssim"])
def test_the_average_is_the_mean_over_experts(method, block, metric):
    mean = statistics.fmean(MSEC[block, method, expert, metric].value for expert in EXPERTS)
    assert MSEC[block, method, "average", metric].value == pytest.approx(mean, abs=0.00101)


@pytest.mark.parametrize("method", MSEC_METHODS)
def test_the_combined_block_weighs_its_two_parts_unless_the_print_is_noted_as_wrong(method):
    for (block, name, reference, metric), row in MSEC.items():
        if block != "msec_all" or name != method:
            continue
        parts = [MSEC[b, name, reference, metric] for b in ("msec_properly_over", "msec_under")]
        images = [part.protocol.images for part in parts]
        weighted = sum(p.value * n for p, n in zip(parts, images, strict=True)) / sum(images)
        agrees = row.value == pytest.approx(weighted, abs=0.00101)
        assert agrees != bool(row.note), (reference, metric)


def test_known_values_are_there():
    found = {(r.protocol.name, r.method, r.reference, r.metric): r.value for r in ROWS}
    assert found["ranlen_local_fivek", "DeepUPE-RANLEN", "c", "psnr"] == 18.33
    assert found["ranlen_global_uieb", "STAR-DCE", "", "ssim"] == 0.972
    assert found["lut3d_fivek_480p", "3D-LUT", "c", "psnr"] == 25.21
    assert found["deepupe_fivek", "DeepUPE", "c", "psnr"] == 23.04
    assert found["retinexformer_lol_v1", "Retinexformer", "", "psnr"] == 25.16
    assert found["msec_all", "MSEC w/ adv", "c", "psnr"] == 20.080


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nowhere,HE,a,psnr,16.1,", "values.csv:2: protocol 'nowhere'"),
        ("msec_all,HE,a,psnr,161,", "values.csv:2: psnr 161.0 is outside"),
        ("msec_all,HE,a,psnr,NaN,", "values.csv:2: psnr nan is outside"),
        ("msec_all,HE,a,psnr,high,", "'high' is not a number"),
        ("msec_all,HE,a,lpips,0.1,", "metric 'lpips'"),
        ("msec_all,,a,psnr,16.1,", "no method"),
        ("msec_all,HE,a,psnr,16.1", "5 cells; expected 6"),
        ("msec_all,HE,a,psnr,16.1,\nmsec_all,HE,a,psnr,16.2,", "values.csv:3: .* there already"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, message):
    path = tmp_path / "values.csv"
    path.write_text(f"protocol,method,reference,metric,value,note\n{line}\n")
    protocols = {row.protocol.name: row.protocol for row in ROWS}
    with pytest.raises(PublishedError, match=message):
        read_values(path, protocols)


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "values.csv"
    path.write_text("method,value\nHE,16\n")
    with pytest.raises(PublishedError, match=r"values.csv:1: columns method, value"):
        read_values(path, {})
