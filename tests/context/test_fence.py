"""Fences: what is inside can't get out."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from devchat.context import Attachment, Lines
from devchat.context.fence import fence
from devchat.context.names import size

TEXTS = st.text(st.sampled_from("`~ \nab#>-\t"), max_size=60) | st.text(
    st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=60
)


@given(st.text(max_size=20), TEXTS)
@example("a.md", "```\n````\nout\n`````")
def test_the_content_is_one_code_block_and_unchanged(name: str, text: str) -> None:
    block = fence(Attachment(name, text))
    assert not block.endswith("\n")
    heading, _, rest = block.partition("\n")
    assert heading.endswith(":") and heading.isprintable()
    tokens = MarkdownIt().parse(rest)
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == (text if text.endswith("\n") or not text else text + "\n")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("src/a.py", "File src/a.py:\n```python\n"),
        ("notes:12", "File notes:12:\n```\n"),
        ("Makefile", "File Makefile:\n```makefile\n"),
        ("LICENSE", "File LICENSE:\n```\n"),
        ("stdin", "Standard input:\n```\n"),
        ("https://x.org/a.py", "Page https://x.org/a.py:\n```\n"),
        ("a\nb\u202e.rs", "File a\\nb\\u202e.rs:\n```rust\n"),
    ],
)
def test_the_heading_names_it(name: str, start: str) -> None:
    assert fence(Attachment(name, "x")) == start + "x\n```"


@pytest.mark.parametrize(
    ("file", "lines", "start"),
    [
        ("src/a.py", Lines(10, 40), "File src/a.py, lines 10-40:\n```python\n"),
        ("a.go", Lines(7, 7), "File a.go, line 7:\n```go\n"),
    ],
)
def test_the_heading_names_its_lines(file: str, lines: Lines, start: str) -> None:
    assert fence(Attachment(file, "x", lines)) == start + "x\n```"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1536, "1.5 KB"), (2 << 30, "2.0 GB"), (5 << 40, "5.0 TB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
