"""The same mathematics on tensors."""
