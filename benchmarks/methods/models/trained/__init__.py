"""Weights and their records: read, written, installed, given by a user, halved, exported."""
