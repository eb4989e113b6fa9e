"""What the verbs of `luts` do, one file each; commands/ holds their arguments."""
