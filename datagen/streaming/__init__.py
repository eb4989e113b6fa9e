"""Pairs without a disk: batches of any recipe, made anew for every step."""
