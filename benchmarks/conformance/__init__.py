"""Checks of image metrics that anybody can run on their own library.

    benchmarks conform ssim their_library.module:function
    benchmarks conform band

A function under test takes (estimate, reference) as float64 arrays (H, W, 3) in [0, 1] and returns
a number; for the region checks it takes a third argument, the (H, W) weight. `delta_e_2000` is
tested on Lab arrays (n, 3) instead. In a test file of your own:

    from benchmarks.conformance.checks import CHECKS, run_check

    @pytest.mark.parametrize("check", CHECKS["ssim"], ids=lambda check: check.name)
    def test_ssim_conforms(check):
        assert run_check(check, my_ssim).passed
"""
