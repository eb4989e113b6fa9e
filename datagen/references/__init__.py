"""What a scene should look like: references by name, one file each, one line in REFERENCES."""
