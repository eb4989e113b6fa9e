"""Weights as authors published them, converted to the networks here."""
