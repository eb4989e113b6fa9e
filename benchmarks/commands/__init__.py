"""One module per verb; see luts/command.py for what a verb is."""
