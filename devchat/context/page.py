"""HTML -> the text a reader sees, as light Markdown. Pure; never fails on broken HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Of these not even the text is seen, or it is the site's and not the page's.
_UNSEEN = frozenset(("script", "style", "template", "noscript", "svg", "iframe"))
_AROUND = frozenset(("nav", "footer", "aside", "form", "button", "dialog", "menu"))
_BLOCKS = frozenset(
    ("address", "article", "blockquote", "dd", "details", "div", "dl", "dt", "figcaption")
    + ("figure", "header", "hr", "main", "ol", "p", "section", "summary", "table", "title", "ul")
)
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_SPACE = re.compile(r"[ \t\r\n\f]+")


def readable(html: str) -> str:
    """Return title, headings, paragraphs, lists, table rows and code blocks; no scripts, no menus.

    A page that is nothing but menus, or does not end one, is returned with them.
    """
    return _read(html, _UNSEEN | _AROUND) or _read(html, _UNSEEN)


def _read(html: str, dropped: frozenset[str]) -> str:
    reader = _Reader(dropped)
    reader.feed(html)
    # What is left is an unfinished tag, which no browser shows, or text. Only text is finished:
    # `close` looks at the rest again for every "<" in it, which is minutes for a hostile page.
    if not reader.rawdata.startswith("<"):
        reader.close()
    if reader.inside in _AROUND:
        return ""
    text = "".join(reader.pieces)
    lines = [line.rstrip(" ") for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return f"{text}\n" if text else ""


class _Reader(HTMLParser):
    """Writes down what is seen, tag by tag."""

    def __init__(self, dropped: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._dropped = dropped
        # The open tag whose content is dropped, and how often it is nested in itself.
        self.inside = ""
        self._depth = 0
        self._preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what a tag means, unless it is within something dropped."""
        if self.inside:
            self._depth += tag == self.inside
        elif tag in self._dropped:
            self.inside, self._depth = tag, 1
        else:
            self._open(tag)

    def handle_endtag(self, tag: str) -> None:
        """End what a tag means."""
        if self.inside:
            self._depth -= tag == self.inside
            self.inside = self.inside if self._depth else ""
        else:
            self._close(tag)

    def handle_data(self, data: str) -> None:
        """Write seen text; the browser's rule for white space outside `<pre>`."""
        if self.inside:
            return
        if self._preformatted:
            self._write(data)
        else:
            text = _SPACE.sub(" ", data)
            self._write(text.lstrip(" ") if self._after((" ", "\n")) else text)

    def _after(self, ends: tuple[str, ...]) -> bool:
        return not self.pieces or self.pieces[-1].endswith(ends)

    def _write(self, text: str) -> None:
        if text:
            self.pieces.append(text)

    def _open(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._write("\n\n" + "#" * int(tag[1]) + " ")
        elif tag in _BLOCKS:
            self._write("\n\n")
        elif tag == "pre":
            self._write("\n\n```\n")
            self._preformatted = True
        elif tag in ("td", "th"):
            self._write("| " if self._after(("\n",)) else " | ")
        elif tag == "code" and not self._preformatted:
            self._write("`")
        else:
            self._write({"li": "\n- ", "tr": "\n", "br": "\n"}.get(tag, ""))

    def _close(self, tag: str) -> None:
        if tag == "pre" and self._preformatted:
            self._preformatted = False
            self._write("\n```\n\n")
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._write("\n\n")
        elif tag == "code" and not self._preformatted:
            self._write("`")
