"""Author, apply and measure colour distortions as 1D and 3D LUTs."""
