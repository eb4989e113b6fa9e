"""Score exposure and colour correction methods, region by region."""
