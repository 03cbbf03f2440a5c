"""What stands inside a paragraph, a heading or a table cell, as styled runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from devchat.render.terminal import style
from devchat.render.terminal.wrap import Run, is_ideograph
from devchat.sanitize import visible

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_SOFT_BREAK = "\0"
_STYLES = {"em": style.EMPHASIS, "strong": style.BOLD, "s": style.STRUCK}


def inline(nodes: Iterable[SyntaxTreeNode], base: str = "") -> list[Run]:
    """Lay out inline nodes: styles on, link targets after their text, no character lost."""
    return list(_join_lines([run for node in nodes for run in _runs(node, base)]))


def _runs(node: SyntaxTreeNode, base: str) -> Iterator[Run]:
    match node.type:
        case "softbreak":
            yield Run(_SOFT_BREAK, base)
        case "hardbreak":
            yield Run("\n", base)
        case "code_inline":
            yield Run(_text(node.content), style.join(base, style.CODE))
        case "link":
            yield from _link(node, base)
        case "image":
            yield from _image(node, base)
        case "html_inline":
            is_break = node.content.lower().replace(" ", "") in {"<br>", "<br/>"}
            yield Run("\n") if is_break else Run(_text(node.content), style.join(base, style.DIM))
        case "em" | "strong" | "s":
            yield from _all(node, style.join(base, _STYLES[node.type]))
        case _:
            yield Run(_text(node.content), base)


def _all(node: SyntaxTreeNode, base: str) -> Iterator[Run]:
    for child in node.children:
        yield from _runs(child, base)


def _link(node: SyntaxTreeNode, base: str) -> Iterator[Run]:
    shown = style.join(base, style.UNDERLINE)
    label = list(_all(node, shown))
    yield from label
    yield from _target(node, "href", "".join(run.text for run in label), base)


def _image(node: SyntaxTreeNode, base: str) -> Iterator[Run]:
    label = _text(node.content)
    yield Run(label, style.join(base, style.EMPHASIS))
    yield from _target(node, "src", label, base)


def _target(node: SyntaxTreeNode, name: str, label: str, base: str) -> Iterator[Run]:
    address = _text(str(node.attrs.get(name, "")))
    title = _text(str(node.attrs.get("title", "")))
    if title:
        address += f' "{title}"'
    if address and address.removeprefix("mailto:") != label:
        space = " " if label else ""
        yield Run(f"{space}({address})", style.join(base, style.DIM))


def _text(content: str) -> str:
    # Entities such as &#27; become characters only in the parser: after the source was cleaned.
    return visible(content).replace("\t", "    ")


def _join_lines(runs: Sequence[Run]) -> Iterator[Run]:
    """Join lines by a space, but not between two ideographs, which are written without."""
    for index, run in enumerate(runs):
        if run.text != _SOFT_BREAK:
            yield run
            continue
        before = runs[index - 1].text[-1:] if index else ""
        after = runs[index + 1].text[:1] if index + 1 < len(runs) else ""
        if not (is_ideograph(before) and is_ideograph(after)):
            yield Run(" ", run.style)
