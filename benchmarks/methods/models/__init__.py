"""MODELS: every trainable row by name, and `build` to make one.

A model is an `nn.Module` with `forward(images, regions=None) -> Output`: `images` (N, 3, H, W)
encoded in [0, 1]; `regions` (N, 2, H, W), channel 0 = A, channel 1 = A or B, which global models
ignore and local ones read as "everywhere A" when it is None. `host+conversion` is a global model
made local: see `hosts.py` and `benchmarks/local/`. To add a model: one file here, one line in the
table.
"""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING, Any

from luts.tool.errors import UserError

from ..method import Method
from .local.hosts import local_versions

if TYPE_CHECKING:
    from torch import nn

_FAMILIES = "benchmarks.methods.models."

GLOBAL: dict[str, Method] = {
    "highlight_shadow_gaussian": Method(
        _FAMILIES + "highlight_shadow:GaussianMasks",
        "model",
        "power law driven by what is brighter or darker than its Gaussian blur; nothing to train",
    ),
    "highlight_shadow_curve": Method(
        _FAMILIES + "highlight_shadow:LearnedCurve",
        "model",
        "gain from two learned luma filters through an S-curve",
        parameters=20,
        trained=True,
    ),
    "highlight_shadow_gain": Method(
        _FAMILIES + "highlight_shadow:LearnedGain",
        "model",
        "gain from two learned luma filters, one per end of the tone range",
        parameters=20,
        trained=True,
    ),
    "zero_dce": Method(
        _FAMILIES + "zero_dce:ZeroDce",
        "model",
        "eight quadratic curves per pixel, trained without references",
        paper="Guo et al., CVPR 2020",
        parameters=79_416,
        trained=True,
    ),
    "zero_dce_pp": Method(
        _FAMILIES + "zero_dce:ZeroDcePlusPlus",
        "model",
        "Zero-DCE with separable convolutions and one curve map for all eight steps",
        paper="Li et al., TPAMI 2021",
        parameters=10_561,
        trained=True,
    ),
    "star_dce": Method(
        _FAMILIES + "star:StarDce",
        "model",
        "Zero-DCE's curves from a transformer on 32 x 32 tokens",
        paper="Zhang et al., ICCV 2021",
        parameters=27_496,
        trained=True,
    ),
    "deep_upe": Method(
        _FAMILIES + "deep_upe:DeepUpe",
        "model",
        "illumination from a bilateral grid; the image is divided by it",
        paper="Wang et al., CVPR 2019",
        parameters=998_816,
        trained=True,
    ),
    "unet": Method(
        _FAMILIES + "unet:UNet",
        "model",
        "a plain U-Net that predicts the change of each pixel",
        paper="Ronneberger et al., MICCAI 2015",
        parameters=487_331,
        trained=True,
    ),
    "retinexnet": Method(
        _FAMILIES + "retinexnet:RetinexNet",
        "model",
        "reflectance times a new illumination; learns both by splitting the reference too",
        paper="Wei et al., BMVC 2018",
        parameters=444_613,
        trained=True,
        slow=True,
    ),
    "retinexnet_small": Method(
        _FAMILIES + "retinexnet:RetinexNet",
        "model",
        "retinexnet with fewer channels, trained here",
        paper="Wei et al., BMVC 2018",
        parameters=32_821,
        trained=True,
        settings={"width": 16, "anchored": True},
    ),
    "hdr_cnn": Method(
        _FAMILIES + "hdr_cnn:HdrCnn",
        "model",
        "fills saturated areas in, then Reinhard's tone mapping with learned settings",
        paper="Eilertsen et al., SIGGRAPH Asia 2017",
        parameters=29_441_374,
        trained=True,
        slow=True,
    ),
    "hdr_cnn_small": Method(
        _FAMILIES + "hdr_cnn:HdrCnn",
        "model",
        "hdr_cnn with fewer channels, trained here",
        paper="Eilertsen et al., SIGGRAPH Asia 2017",
        parameters=164_238,
        trained=True,
        settings={"widths": (16, 24, 32, 48), "depths": (1, 1, 2, 2)},
    ),
    "dped": Method(
        _FAMILIES + "dped:Dped",
        "model",
        "residual blocks with instance norm at full resolution",
        paper="Ignatov et al., ICCV 2017",
        parameters=400_963,
        trained=True,
        slow=True,
    ),
    "dped_small": Method(
        _FAMILIES + "dped:Dped",
        "model",
        "dped with fewer channels, trained here",
        paper="Ignatov et al., ICCV 2017",
        parameters=31_123,
        trained=True,
        settings={"width": 16},
    ),
    "dpe": Method(
        _FAMILIES + "dpe:Dpe",
        "model",
        "a U-Net that adds a summary of the whole picture; predicts the change",
        paper="Chen et al., CVPR 2018",
        parameters=3_302_115,
        trained=True,
        slow=True,
    ),
    "dpe_small": Method(
        _FAMILIES + "dpe:Dpe",
        "model",
        "dpe with fewer channels, trained here",
        paper="Chen et al., CVPR 2018",
        parameters=287_315,
        trained=True,
        settings={"widths": (16, 24, 32, 40, 40), "grid": 8},
    ),
    "retinexformer": Method(
        _FAMILIES + "retinexformer:Retinexformer",
        "model",
        "lights up, then attention across channels guided by illumination",
        paper="Cai et al., ICCV 2023",
        parameters=1_605_701,
        trained=True,
        slow=True,
    ),
    "retinexformer_small": Method(
        _FAMILIES + "retinexformer:Retinexformer",
        "model",
        "retinexformer with fewer channels, trained here",
        paper="Cai et al., ICCV 2023",
        parameters=186_381,
        trained=True,
        settings={"width": 16, "blocks": (1, 1, 1)},
    ),
    "msec": Method(
        _FAMILIES + "msec:Msec",
        "model",
        "four U-Nets on a Laplacian pyramid; large pictures by bilateral guided upsampling",
        paper="Afifi et al., CVPR 2021",
        parameters=7_015_449,
        trained=True,
        slow=True,
    ),
    "msec_small": Method(
        _FAMILIES + "msec:Msec",
        "model",
        "msec with fewer channels and halvings that starts as the identity, trained here",
        paper="Afifi et al., CVPR 2021",
        parameters=264_361,
        trained=True,
        settings={
            "depths": (2, 2, 2, 3),
            "widths": (6, 8, 8, 10),
            "skip": "change",
            "peak": 1.0,
        },
    ),
    "image_adaptive_lut": Method(
        _FAMILIES + "lut3d:ImageAdaptiveLut",
        "model",
        "a mix of three learned 3D LUTs for each picture",
        paper="Zeng et al., TPAMI 2020",
        parameters=593_516,
        trained=True,
    ),
    "adaint": Method(
        _FAMILIES + "adaint:AdaInt",
        "model",
        "an image-adaptive 3D LUT with vertices where the picture needs them",
        paper="Yang et al., CVPR 2022",
        parameters=619_724,
        trained=True,
    ),
    "tone_thumb": Method(
        _FAMILIES + "tone_thumb:ToneThumb",
        "model",
        "curves, a matrix and a metered exposure from the statistics of a thumbnail",
        parameters=20_666,
        trained=True,
    ),
    "kl_vae": Method(
        _FAMILIES + "vae:KlVae",
        "model",
        "an autoencoder: the input again, as its latents hold it; vae_recolour needs it",
        paper="Kingma and Welling, ICLR 2014",
        parameters=399_504,
        trained=True,
        slow=True,
    ),
    "vae_recolour": Method(
        _FAMILIES + "vae_recolour:VaeRecolour",
        "model",
        "a colour map fitted to a thumbnail before and after its latents are balanced",
        paper="Messerly, 2023 (web article)",
        parameters=643_320,
        trained=True,
    ),
}

MODELS: dict[str, Method] = {**GLOBAL, **local_versions(GLOBAL)}


class ModelError(UserError):
    """A model, a setting or an input that a model cannot work with."""


def build(name: str, **settings: Any) -> nn.Module:
    """Make an untrained model.

    Parameters
    ----------
    name : key of MODELS, such as "zero_dce" or "star_dce+ranlen"
    settings : override the defaults of the model's class

    Raises ModelError for an unknown name or setting.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=3, cutoff=0.4)
        raise ModelError(f"no model called {name!r}; nearest: {', '.join(near) or 'see MODELS'}")
    make = MODELS[name].load()
    settings = MODELS[name].settings | settings
    signature = inspect.signature(make).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.values())
    if not takes_any and (unknown := sorted(settings.keys() - signature.keys())):
        known = ", ".join(signature)
        raise ModelError(f"{name}: unknown setting {', '.join(unknown)}; known: {known}")
    return make(**settings)
