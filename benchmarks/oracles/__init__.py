"""Oracles: fitted on the answer, so each bounds what any method of its kind could reach."""

from __future__ import annotations

from ..method import Method

ORACLES: dict[str, Method] = {}
