"""Files around a change: of a git repository, of a work tree, or only of a patch."""
