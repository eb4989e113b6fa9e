"""A data set on disk: its rows and files, and what is made of them."""
