"""Linear light becomes a picture, at any exposure."""
