"""CARDS: everything that belongs to one trainable row, in one place. Plain data, without torch.

To add a model: one file in networks/, and one card here. A row of the table, its parameters in
docs/models.md, its training and its local versions all come from the card. `host+conversion` is a
global model made local (Yao et al., "Local low-light image enhancement via region-aware
normalization", 2024): a card names the conversions its model has in the table; `build` makes any
other as well.
"""

from __future__ import annotations

from typing import Any

from ..method import Method
from .card import Card, Conversion, converted, row

CARDS: dict[str, Card] = {
    "highlight_shadow_gaussian": Card(
        "highlight_shadow:GaussianMasks",
        "power law driven by what is brighter or darker than its Gaussian blur; nothing to train",
        family="curve",
    ),
    "highlight_shadow_curve": Card(
        "highlight_shadow:LearnedCurve",
        "gain from two learned luma filters through an S-curve",
        family="curve",
        parameters=20,
        training={"lr": 0.01},
    ),
    "highlight_shadow_gain": Card(
        "highlight_shadow:LearnedGain",
        "gain from two learned luma filters, one per end of the tone range",
        family="curve",
        parameters=20,
        training={"lr": 0.01},
    ),
    "zero_dce": Card(
        "zero_dce:ZeroDce",
        "eight quadratic curves per pixel, trained without references",
        family="curve",
        paper="Guo et al., CVPR 2020",
        parameters=79_416,
        # Authors' code: Adam 1e-4 with weight decay 1e-4, gradient norm 0.1, batch 8.
        training={"loss": "zero_reference", "lr": 1e-4, "weight_decay": 1e-4, "clip": 0.1},
        local={"concat": 79_992, "ranlen": 155_916},
    ),
    "zero_dce_pp": Card(
        "zero_dce:ZeroDcePlusPlus",
        "Zero-DCE with separable convolutions and one curve map for all eight steps",
        family="curve",
        paper="Li et al., TPAMI 2021",
        parameters=10_561,
        training={"loss": "zero_reference_pp", "lr": 1e-4, "weight_decay": 1e-4, "clip": 0.1},
        local={"concat": 10_645, "ranlen": 87_061},
    ),
    "star_dce": Card(
        "star:StarDce",
        "Zero-DCE's curves from a transformer on 32 x 32 tokens",
        family="curve",
        paper="Zhang et al., ICCV 2021",
        parameters=27_496,
        # Released code: Adam 1e-3 with weight decay 1e-4 to 0 along a cosine, gradient norm 1, L1.
        training={"lr": 1e-3, "weight_decay": 1e-4, "schedule": "cosine", "clip": 1.0},
        local={"concat": 27_624, "ranlen": 37_436, "ranlen_no_band": 37_148, "three_tails": 30_145},
    ),
    "deep_upe": Card(
        "deep_upe:DeepUpe",
        "illumination from a bilateral grid; the image is divided by it",
        family="Retinex",
        paper="Wang et al., CVPR 2019",
        parameters=998_816,
        # Released graph: Adam 1e-4, batch 16.
        training={"loss": "retinex", "lr": 1e-4, "batch": 16},
        local={"concat": 998_960, "ranlen": 1_221_092},
    ),
    "unet": Card(
        "unet:UNet",
        "a plain U-Net that predicts the change of each pixel",
        family="encoder-decoder",
        paper="Ronneberger et al., MICCAI 2015",
        parameters=487_331,
        training={"optimiser": "adamw", "lr": 1e-3, "weight_decay": 0.01, "schedule": "cosine"},
    ),
    "retinexnet": Card(
        "retinexnet:RetinexNet",
        "reflectance times a new illumination; learns both by splitting the reference too",
        family="Retinex",
        paper="Wei et al., BMVC 2018",
        parameters=444_613,
        slow=True,
        # Authors' code: Adam 1e-3, a tenth of it after 20 of 100 epochs; batch 16, patches of 48.
        training={"lr": 1e-3, "batch": 16, "crop": 48},
    ),
    "retinexnet_small": Card(
        "retinexnet:RetinexNet",
        "retinexnet with fewer channels, trained here",
        family="Retinex",
        paper="Wei et al., BMVC 2018",
        parameters=32_821,
        settings={"width": 16, "anchored": True},
        # Small versions are trained for minutes, not days: a higher rate that falls to 0.
        training={"lr": 2e-3, "schedule": "cosine"},
    ),
    "hdr_cnn": Card(
        "hdr_cnn:HdrCnn",
        "fills saturated areas in, then Reinhard's tone mapping with learned settings",
        family="encoder-decoder",
        paper="Eilertsen et al., SIGGRAPH Asia 2017",
        parameters=29_441_374,
        slow=True,
        # Authors' code: Adam 5e-5, batch 4; their loss needs HDR images, this one ordinary pairs.
        training={"lr": 5e-5, "batch": 4},
    ),
    "hdr_cnn_small": Card(
        "hdr_cnn:HdrCnn",
        "hdr_cnn with fewer channels, trained here",
        family="encoder-decoder",
        paper="Eilertsen et al., SIGGRAPH Asia 2017",
        parameters=164_238,
        settings={"widths": (16, 24, 32, 48), "depths": (1, 1, 2, 2)},
        training={"lr": 2e-3, "schedule": "cosine"},
    ),
    "dped": Card(
        "dped:Dped",
        "residual blocks with instance norm at full resolution",
        family="encoder-decoder",
        paper="Ignatov et al., ICCV 2017",
        parameters=400_963,
        slow=True,
        # Authors' code: Adam 5e-4, batch 50, patches of 100. L1 stands for their four losses.
        training={"lr": 5e-4, "batch": 50, "crop": 100},
    ),
    "dped_small": Card(
        "dped:Dped",
        "dped with fewer channels, trained here",
        family="encoder-decoder",
        paper="Ignatov et al., ICCV 2017",
        parameters=31_123,
        settings={"width": 16},
        training={"lr": 2e-3, "schedule": "cosine", "clip": 1.0},
        local={"concat": 33_715, "ranlen": 70_631},
    ),
    "dpe": Card(
        "dpe:Dpe",
        "a U-Net that adds a summary of the whole picture; predicts the change",
        family="encoder-decoder",
        paper="Chen et al., CVPR 2018",
        parameters=3_302_115,
        slow=True,
        # The author: squared error for pairs.
        training={"loss": "l2"},
    ),
    "dpe_small": Card(
        "dpe:Dpe",
        "dpe with fewer channels, trained here",
        family="encoder-decoder",
        paper="Chen et al., CVPR 2018",
        parameters=287_315,
        settings={"widths": (16, 24, 32, 40, 40), "grid": 8},
        training={"lr": 2e-3, "schedule": "cosine"},
        local={"concat": 287_603, "ranlen": 378_295},
    ),
    "retinexformer": Card(
        "retinexformer:Retinexformer",
        "lights up, then attention across channels guided by illumination",
        family="Retinex",
        paper="Cai et al., ICCV 2023",
        parameters=1_605_701,
        slow=True,
        # Released settings: Adam 2e-4 to 1e-6 along a cosine, L1, batch 8, gradient norm 0.01.
        training={"lr": 2e-4, "schedule": "cosine", "clip": 0.01},
    ),
    "retinexformer_small": Card(
        "retinexformer:Retinexformer",
        "retinexformer with fewer channels, trained here",
        family="Retinex",
        paper="Cai et al., ICCV 2023",
        parameters=186_381,
        settings={"width": 16, "blocks": (1, 1, 1)},
        training={"lr": 2e-3, "schedule": "cosine", "clip": 1.0},
        local={"concat": 186_701, "ranlen": 253_025},
    ),
    "msec": Card(
        "msec:Msec",
        "four U-Nets on a Laplacian pyramid; large pictures by bilateral guided upsampling",
        family="encoder-decoder",
        paper="Afifi et al., CVPR 2021",
        parameters=7_015_449,
        slow=True,
        # Released code: Adam 1e-4, 1e-5 for the critic; 40, 30 and 20 epochs of 10, 6 and 4 patches
        # per picture make 12.5, 22.5 and 20 steps per picture. See losses.pyramid for the
        # adversarial unit.
        training={
            "loss": "pyramid",
            "lr": 1e-4,
            "stages": (
                {"share": 12.5, "crop": 128, "batch": 32, "halvings": 1, "critic_from": 1.0},
                {"share": 22.5, "crop": 256, "batch": 8, "halvings": 2, "critic_from": 0.5},
                {"share": 20.0, "crop": 512, "batch": 4, "halvings": 3, "critic_from": 0.25},
            ),
            "reject": True,
            "adversarial": 4 / 255,
        },
    ),
    "msec_small": Card(
        "msec:Msec",
        "msec with fewer channels and halvings that starts as the identity, trained here",
        family="encoder-decoder",
        paper="Afifi et al., CVPR 2021",
        parameters=264_361,
        settings={"depths": (2, 2, 2, 3), "widths": (6, 8, 8, 10), "skip": "change", "peak": 1.0},
        training={"loss": "pyramid", "lr": 1e-3, "schedule": "cosine"},
        local={"concat": 264_937, "ranlen": 348_525},
    ),
    "sci": Card(
        "sci:Sci",
        "illumination of 258 numbers, trained without references in a cascade",
        family="Retinex",
        paper="Ma et al., CVPR 2022",
        parameters=5_877,
        # Authors' code: Adam 3e-4 with weight decay 3e-4, gradient norm 5.
        training={"lr": 3e-4, "weight_decay": 3e-4, "clip": 5.0},
    ),
    "ruas": Card(
        "ruas:Ruas",
        "illumination and noise by searched cells, trained without references",
        family="Retinex",
        paper="Liu et al., CVPR 2021",
        parameters=3_438,
        # Authors' code: SGD 0.015 with momentum 0.9 and weight decay 3e-4, gradient norm 5.
        training={"lr": 1e-3, "weight_decay": 3e-4, "clip": 5.0},
    ),
    "iat": Card(
        "iat:Iat",
        "pixels scaled and shifted, then a colour matrix and a gamma by attention",
        family="curve",
        paper="Cui et al., BMVC 2022",
        parameters=91_153,
        # Authors' code: Adam 2e-4 with weight decay 4e-4 along a cosine, batch 8.
        training={"lr": 2e-3, "weight_decay": 4e-4, "schedule": "cosine", "clip": 1.0},
        local={"concat": 92_017},
    ),
    "clut": Card(
        "clut:ClutNet",
        "an image-adaptive 3D LUT mixed from twenty compressed ones",
        family="LUT",
        paper="Zhang et al., ACM MM 2022",
        parameters=437_309,
        training={"loss": "l2", "lr": 1e-3, "schedule": "cosine", "crop": 168},
        local={"concat": 437_597},
    ),
    "image_adaptive_lut": Card(
        "lut3d:ImageAdaptiveLut",
        "a mix of three learned 3D LUTs for each picture",
        family="LUT",
        paper="Zeng et al., TPAMI 2020",
        parameters=593_516,
        # Authors' code: Adam 1e-4, batch 1, for heads that are not equalised.
        training={"loss": "l2", "lr": 1e-3, "schedule": "cosine", "crop": 168},
        local={"concat": 593_804, "ranlen_blend": 809_260},
    ),
    "adaint": Card(
        "adaint:AdaInt",
        "an image-adaptive 3D LUT with vertices where the picture needs them",
        family="LUT",
        paper="Yang et al., CVPR 2022",
        parameters=619_724,
        training={"loss": "l2", "lr": 1e-3, "schedule": "cosine", "crop": 168},
        local={"concat": 620_012},
    ),
    "light_grid": Card(
        "light_grid:LightGrid",
        "a tone map from statistics, and a bilateral grid of gains from a thumbnail",
        family="own entry",
        parameters=137_114,
        training={
            "loss": "decibels",
            "optimiser": "adamw",
            "lr": 3e-3,
            "weight_decay": 1e-3,
            "schedule": "cosine",
            "clip": 1.0,
            "batch": 16,
        },
        local={"concat": 138_570},
    ),
    "kl_vae": Card(
        "vae:KlVae",
        "an autoencoder: the input again, as its latents hold it; vae_recolour needs it",
        family="LUT",
        paper="Kingma and Welling, ICLR 2014",
        parameters=399_504,
        slow=True,
        training={"lr": 3e-3, "schedule": "cosine", "clip": 1.0, "crop": 96},
    ),
    "vae_recolour": Card(
        "vae_recolour:VaeRecolour",
        "a colour map fitted to a thumbnail before and after its latents are balanced",
        family="LUT",
        paper="Messerly, 2023 (web article)",
        parameters=643_320,
        training={
            "lr": 2e-3,
            "schedule": "cosine",
            "clip": 1.0,
            "crop": 168,
            "model_settings": {"vae": "kl_vae"},
        },
        local={"concat": 643_896},
    ),
}

CONVERSIONS: dict[str, Conversion] = {
    "concat": Conversion("", "region maps beside RGB", {"mask_channels": 2}),
    "ranlen": Conversion("ranlen:Ranlen", "region-aware normalisation"),
    "ranlen_no_band": Conversion(
        "ranlen:Ranlen",
        "no transition area",
        {"mask_channels": 1},
        # Section 4.3.2: no loss on B, and C is all but A.
        {"region_weights": (1.0, 0.0, 1.0)},
    ),
    "ranlen_blend": Conversion(
        "lut3d:RanlenBlend", "region-aware normalisation, the colour map blended by alpha"
    ),
    "three_tails": Conversion("three_tails:ThreeTails", "a small tail per region"),
}


def rows() -> dict[str, Method]:
    """The rows of METHODS that the cards make: every model, then every local version."""
    models = {name: row(card) for name, card in CARDS.items()}
    local = {
        f"{host}+{name}": converted(host, card, CONVERSIONS[name], parameters)
        for host, card in CARDS.items()
        for name, parameters in card.local.items()
    }
    return models | local


def training_of(name: str) -> dict[str, Any]:
    """How a model or a converted one is trained: what its card changes of the defaults."""
    host, _, conversion = name.partition("+")
    own = CARDS[host].training if host in CARDS else {}
    return {**own, **(CONVERSIONS[conversion].training if conversion in CONVERSIONS else {})}
