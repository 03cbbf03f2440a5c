"""YAML that does not parse; any tag and any number of documents is fine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.checked import Checked
from devchat.analyzers.pairs import Pair
from devchat.analyzers.problem import Problem

# Jinja and Go templates (Helm, Ansible, cookiecutter) are YAML only once they are filled in.
_TEMPLATE = re.compile(r"(?<!\$)\{\{|\{%|<%")
# YAML 1.1, which the library reads, ends lines at these; git and YAML 1.2 do not.
_BREAKS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Checked("yaml", __name__, _kind, package="yaml", distribution="PyYAML")


def _kind(pair: Pair) -> str:
    odd = _TEMPLATE.search(pair.head) or _BREAKS.search(pair.head)
    return "yaml" if languages.of(pair.path) == "yaml" and not odd else ""


def check(kind: str, text: str) -> Iterator[Problem]:
    """Yield where a text stops being YAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for _ in yaml.parse(text, Loader=loader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else 1
        yield Problem(
            line,
            line,
            "syntax",
            "error",
            "syntax",
            f"This is not valid YAML: {error.problem or error.context}",
            "Whatever reads this file refuses all of it. The cause is often the indentation or "
            "an unquoted `:`, `@` or `%` in this line or the one before.",
        )
    except yaml.YAMLError:
        return  # A character that YAML 1.1 does not allow, but 1.2 may.
