"""The rows of the leaderboard: a group of methods that says who stands where, in minutes."""

from __future__ import annotations

# The best and the best known classical rows, one or two of every trained family, our own entry,
# and ceilings. The checks come by themselves; a row without weights is left out.
LEADERBOARD = (
    *("he_lab", "clahe_lab", "auto_gamma", "auto_exposure", "mertens", "lime", "dual"),
    *("zero_dce", "deep_upe", "unet", "hdr_cnn_small", "retinexformer_small", "msec_small"),
    *("dped_small", "image_adaptive_lut", "adaint+concat", "star_dce+ranlen", "deep_upe+ranlen"),
    *("light_grid", "light_grid+concat"),
    *("oracle_gain", "oracle_three_curves", "oracle_lut17"),
)
