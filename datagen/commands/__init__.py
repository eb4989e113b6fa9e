"""One module per verb; see luts/tool/command.py for what a verb is."""
