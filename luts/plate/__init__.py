"""Identity plates out, edited plates in."""
