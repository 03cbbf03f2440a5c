"""Stream a Markdown file through the renderer: `python -m tests.render.stream FILE`, on a pty.

Pieces are cut where the seed says; each waits for `--pause` seconds. For tests and measurements.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from devchat.render import open_renderer
from devchat.types import Chunk


def pieces(text: str, seed: int, longest: int) -> Iterator[str]:
    """Cut a text at random."""
    cut = random.Random(seed)
    while text:
        size = cut.randint(1, longest)
        yield text[:size]
        text = text[size:]


def main() -> None:
    """Stream a file to standard output, and report the processor seconds if asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=int, default=8)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--plain", action="store_true")
    args = parser.parse_args()
    text = args.file.read_bytes().decode("utf-8", "surrogatepass")
    renderer = open_renderer(sys.stdout, sys.stderr, os.environ, plain=args.plain)
    try:
        for piece in pieces(text, args.seed, args.longest):
            renderer.feed(Chunk("text", piece))
            time.sleep(args.pause)
    finally:
        renderer.finish()


if __name__ == "__main__":
    main()
