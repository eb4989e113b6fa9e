"""Checks of image metrics that anybody can run on their own library."""
