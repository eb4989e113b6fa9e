"""HOSTS: the local versions that global models have in the table (RANLEN paper)."""

from __future__ import annotations

from ...method import Method

# The local versions a host offers, with their parameters.
HOSTS: dict[str, dict[str, int]] = {
    "zero_dce": {"concat": 79_992, "ranlen": 155_916},
    "zero_dce_pp": {"concat": 10_645, "ranlen": 87_061},
    # A host of the paper, with its ablations; they convert any other host too: build(..., host=).
    "star_dce": {
        "concat": 27_624,
        "ranlen": 37_436,
        "ranlen_no_band": 37_148,
        "three_tails": 30_145,
    },
    "deep_upe": {"concat": 998_960, "ranlen": 1_221_092},
    "image_adaptive_lut": {"concat": 593_804, "ranlen_blend": 809_260},
    "adaint": {"concat": 620_012},
    "tone_thumb": {"concat": 21_178},
    "vae_recolour": {"concat": 643_896},
    "dped_small": {"concat": 33_715, "ranlen": 70_631},
    "dpe_small": {"concat": 287_603, "ranlen": 378_295},
    "retinexformer_small": {"concat": 186_701, "ranlen": 253_025},
    "msec_small": {"concat": 264_937, "ranlen": 348_525},
}

_LOCAL = "benchmarks.methods.models.local."

VERSIONS: dict[str, tuple[str, str, dict[str, int]]] = {
    # target (empty: the host's own class), what it does, settings
    "concat": ("", "region maps beside RGB", {"mask_channels": 2}),
    "ranlen": (_LOCAL + "ranlen:Ranlen", "region-aware normalisation", {}),
    "ranlen_no_band": (
        _LOCAL + "ranlen:Ranlen",
        "no transition area",
        {"mask_channels": 1},
    ),
    "ranlen_blend": (
        _LOCAL + "lut3d:RanlenBlend",
        "region-aware normalisation, the colour map blended by alpha",
        {},
    ),
    "three_tails": (
        _LOCAL + "three_tails:ThreeTails",
        "a small tail per region",
        {},
    ),
}


def local_versions(hosts: dict[str, Method]) -> dict[str, Method]:
    """The rows HOST+VERSION of the global models in `hosts` (Yao et al., 2024)."""
    rows = {}
    for host, versions in HOSTS.items():
        for version, parameters in versions.items():
            target, what, settings = VERSIONS[version]
            wraps = {"host": host} if target else {}
            rows[f"{host}+{version}"] = Method(
                target or hosts[host].target,
                "model",
                f"{host} made local: {what}",
                paper="Yao et al., 2024",
                parameters=parameters,
                trained=True,
                region_aware=True,
                settings=hosts[host].settings | wraps | settings,
            )
    return rows
