"""A camera file becomes linear light."""
