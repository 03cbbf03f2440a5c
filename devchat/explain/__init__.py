"""What was given to be explained: its kind, and the facts that code can find in it.

`recognise` says what a text is; `gather` reads the facts off it, so that a small model only has
to word them. Nothing here asks a model or knows a terminal.
"""

from __future__ import annotations
