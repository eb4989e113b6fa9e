"""Transfer curves and colorimetry in numpy."""
