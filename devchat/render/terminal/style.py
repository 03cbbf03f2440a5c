"""How Markdown looks: SGR parameters of the 16 colours that every terminal theme defines."""

from __future__ import annotations

BOLD = "1"
DIM = "2"
EMPHASIS = "3"
UNDERLINE = "4"
STRUCK = "9"
CODE = "36"
TITLE = "1;4"
MARKER = "2"
SUBTITLE = "1;3"

# Pygments' token types, the most particular name first; anything else stays as it is.
TOKENS = {
    "Comment": "2;3",
    "Keyword.Constant": "36",
    "Keyword": "35",
    "Literal.String": "32",
    "Literal.Number": "36",
    "Name.Builtin": "36",
    "Name.Class": "1;34",
    "Name.Decorator": "34",
    "Name.Exception": "34",
    "Name.Function": "34",
    "Name.Tag": "34",
    "Name.Attribute": "36",
    "Operator.Word": "35",
    "Generic.Deleted": "31",
    "Generic.Inserted": "32",
    "Generic.Heading": "1",
    "Generic.Subheading": "36",
    "Generic.Prompt": "2",
    "Generic.Output": "2",
}


def join(outer: str, inner: str) -> str:
    """Put one style on top of another."""
    return f"{outer};{inner}" if outer and inner else outer or inner


def without_colour(style: str) -> str:
    """Leave only weight, slant and lines (https://no-color.org speaks of colour alone)."""
    return ";".join(part for part in style.split(";") if part and int(part) < 30)
