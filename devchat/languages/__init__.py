"""Which language a file is in by its name, and trees of its syntax. Runs nothing, reads no file."""
