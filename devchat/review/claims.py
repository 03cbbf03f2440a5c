"""Claims that a name is undefined or unused, found in what a model says. Looks nothing up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from devchat import languages
from devchat.changes import Finding

Lack = Literal["definition", "use", "caller", "call"]
"""A function that "is not called" lacks callers only if it is what the finding is about."""

_WORD = r"[A-Za-z_$][A-Za-z0-9_$]*+"
_NAME = (
    rf"(?<![A-Za-z0-9_$.>])(?P<mark>[`'\"“「]?)(?P<name>{_WORD}(?:(?:\.|::|->){_WORD})*+)"
    r"(?:\(\))?[`'\"”」]?"
)
_NOUN = (
    r"(?:(?:the|a|an|this|name|symbol|variable|local|constant|function|method|class|module|type"
    r"|parameter|argument|import|helper|identifier|field)\s+)*"
)
_IS = r"\s*(?:is|was|are|be|being|seems|appears to be|looks|remains|stays|still)?\s*"
# "`user` is undefined when ..." speaks of a value, not of a name.
_END = r"\b(?!\s+(?:when|if|for|unless|after|until|on|in|whenever|once|while|behaviou?r|or null)\b)"
_KIND = r"(?:变量|函数|方法|类|模块|名称|常量|导入|参数|符号)?"


def _forms(lack: Lack, *patterns: str) -> Iterator[tuple[Lack, re.Pattern[str]]]:
    for pattern in patterns:
        spelled = pattern.replace("NAME", _NAME).replace("NOUN", _NOUN).replace("IS", _IS)
        spelled = spelled.replace("KIND", _KIND).replace("END", _END)
        yield lack, re.compile(spelled, re.IGNORECASE)


_CLAIMS = (
    *_forms(
        "definition",
        r"NAMEIS(?P<value>undefined)END",
        r"NAMEIS(?:undeclared|unresolved|missing an import|unimported)END",
        r"NAMEIS(?:not|never)(?: \w+)? (?:defined|declared|imported|resolved)END",
        r"NAME (?:isn't|wasn't) (?:defined|declared|imported)END",
        r"NAME does(?: not|n't) existEND",
        r"\b(?:undefined|undeclared|unresolved|unimported|unknown) NOUNNAME",
        r"\bmissing (?:import|include|definition|declaration) (?:of|for) NOUNNAME",
        r"\b(?:import|include|definition|declaration) (?:of|for) NOUNNAME is missing\b",
        r"\b(?:no|without an?) (?:import|definition|declaration) (?:of|for) NOUNNAME",
        r"NAME\s*KIND(?:从未|从没|还没有|并未|没有|尚未|未)(?:被)?(?:定义|声明|导入|引入)",
        r"(?:未定义|未声明|未导入|没有定义|没有导入|缺少导入)(?:的)?\s*KIND\s*NAME",
    ),
    *_forms(
        "use",
        r"NAMEIS(?:unused|never (?:used|read|referenced)|not (?:used|read|referenced))END",
        r"NAME isn't (?:used|read|referenced)END",
        r"\bunused NOUNNAME",
        r"NAME\s*KIND(?:从未|从没|并未|没有|未)(?:被)?(?:使用|用到|引用)",
        r"(?:未使用|没有使用|多余)(?:的)?\s*KIND\s*NAME",
    ),
    *_forms("call", r"NAMEIS(?:never|not) calledEND", r"NAME isn't calledEND"),
    *_forms(
        "caller",
        r"NAME has no (?:callers?|call sites?|uses|references)END",
        r"\b(?:nothing|nobody|no one) (?:calls|uses|references) NOUNNAME",
        r"\bno (?:callers?|call sites?) (?:of|for) NOUNNAME",
        r"NAME\s*KIND(?:从未|从没|并未|没有|未)(?:被)?(?:任何地方)?调用",
        r"(?:没有|无)(?:任何)?(?:地方|人|代码)?调用(?:者)?(?:的)?\s*KIND\s*NAME",
    ),
)
# "If `path` does not exist, ..." speaks of a state that may be.
_IF = re.compile(
    r"(?:\b(?:if|when|whenever|where|unless|once|while|until|in case|for|with|whether)\s+"
    rf"{_NOUN}|如果|当|若|一旦|只要|要是|假如)\s*$",
    re.IGNORECASE,
)
_LONGEST_IF = 80
# There, `undefined` is a value like any other.
_OF_VALUES = frozenset(("javascript", "jsx", "typescript", "tsx", "vue", "svelte", "php"))
# What stands where a name would, and is none.
_WORDS = frozenset(
    (
        *(
            "it",
            "this",
            "that",
            "which",
            "value",
            "result",
            "name",
            "variable",
            "function",
            "method",
        ),
        *("class", "import", "behavior", "behaviour", "output", "order", "code", "path", "index"),
        *("the", "a", "an", "and", "or", "if", "is", "are", "was", "be", "when", "where", "then"),
        *("parameter", "argument", "exception", "error", "return", "returns", "there", "they"),
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """That a name lacks something: of `os.path.join`, `root` is `os` and `name` is `join`."""

    root: str
    name: str
    lack: Lack


def claims(finding: Finding) -> tuple[Claim, ...]:
    """Return what a finding claims of names, in English or Chinese."""
    text = f"{finding.title}\n{finding.body}"
    values = languages.of(finding.path) in _OF_VALUES and "ReferenceError" not in text
    found = (
        _claim(match["name"], lack)
        for lack, form in _CLAIMS
        for match in form.finditer(text)
        if _is_name(match, finding.quote)
        and not _IF.search(text[max(0, match.start() - _LONGEST_IF) : match.start()])
        and not (values and match.groupdict().get("value"))
    )
    return tuple(dict.fromkeys(found))


def _claim(name: str, lack: Lack) -> Claim:
    parts = re.split(r"\.|::|->", name)
    return Claim(parts[0], parts[-1], lack)


def _is_name(match: re.Match[str], quote: str) -> bool:
    """Tell a name from a word of the sentence: it is marked, spelled as one, or in the code."""
    name = match["name"]
    if name.lower() in _WORDS and not match["mark"]:
        return False
    spelled = re.search(r"[._$0-9:]|[a-z][A-Z]", name) is not None
    return bool(match["mark"]) or spelled or re.search(rf"\b{re.escape(name)}\b", quote) is not None
