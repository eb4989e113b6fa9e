"""What decides the pixels."""
