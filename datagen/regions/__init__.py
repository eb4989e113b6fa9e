"""Regions A, B and C."""
