"""What the larger verbs of `datagen` do, one file each; commands/ holds their arguments."""
