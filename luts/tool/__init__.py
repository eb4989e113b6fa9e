"""What all three packages stand on: errors, the command line, whole files, named randomness."""
