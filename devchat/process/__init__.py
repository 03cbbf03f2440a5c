"""This process, for whatever program runs in it: its interruptions and its standard streams."""
