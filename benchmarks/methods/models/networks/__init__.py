"""Networks, a file each: what the cards name."""
