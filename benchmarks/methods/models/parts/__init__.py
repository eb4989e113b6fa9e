"""What networks are made of, and what serves several of them."""
