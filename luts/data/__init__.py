"""Reference data that luts measures with, each table beside the script that made it."""
