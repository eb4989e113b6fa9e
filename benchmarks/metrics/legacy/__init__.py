"""Numbers as publications computed them, to the letter, so that their tables can be compared.

Each has its own id and none is computed unless asked for. Where the letter is a mistake, the
definition says so; the repaired form is the plain metric of the table. One file per protocol.
"""

from __future__ import annotations

from .gt_mean import PSNR_GT_MEAN, PSNR_GT_MEAN_RGB, SSIM_GT_MEAN, SSIM_GT_MEAN_RGB
from .human_centred import DELTA_E_1976_HC_PPR10K, PSNR_HC, PSNR_HC_PPR10K
from .luma import PSNR_Y, SSIM_Y
from .three_d_lut import SSIM_3DLUT
from .uniform_ssim import SSIM_GREY, SSIM_SKIMAGE

LEGACY = (
    SSIM_3DLUT,
    PSNR_Y,
    SSIM_Y,
    PSNR_HC_PPR10K,
    PSNR_HC,
    DELTA_E_1976_HC_PPR10K,
    PSNR_GT_MEAN,
    SSIM_GT_MEAN,
    PSNR_GT_MEAN_RGB,
    SSIM_GT_MEAN_RGB,
    SSIM_SKIMAGE,
    SSIM_GREY,
)
