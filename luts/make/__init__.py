"""How the embedded library and tables were made; run by hand, never by the product."""
