"""The constructs by which a language is known where no name says it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_CONSTRUCTS: Mapping[str, str] = {
    "python": r"\s*(?:async )?def \w+\(.*|\s*class \w+.*:$|from [\w.]+ import |import [\w.]+$"
    r"|\s*@\w[\w.]*(?:\(|$)|\s*(?:if|for|while|with|elif|try|else|except)\b.*:$",
    "javascript": r"\s*(?:export )?(?:async )?function\*? ?\w*\(|\s*(?:const|let|var) [\w{\[]+.*="
    r"|import .* from ['\"]|\s*module\.exports|\s*(?:export )?(?:default )?class \w+.*\{$",
    "typescript": r"\s*(?:export )?(?:interface|type|enum|namespace) \w+.*[{=]|import type "
    r"|\s*(?:export )?(?:async )?function \w+[<(].*\): |\s*(?:private|public|readonly) \w+[?]?: "
    r"|\s*(?:const|let) \w+: ",
    "go": r"package \w+$|func (?:\(\w+ \*?\w+\) )?\w+\(|import \($|type \w+ (?:struct|interface) \{"
    r"|\s*\w+(?:, \w+)* := ",
    "rust": r"\s*(?:pub(?:\(\w+\))? )?(?:async )?fn \w+[<(]|use [\w:]+|\s*impl\b"
    r"|\s*let (?:mut )?\w+|\s*(?:pub )?(?:struct|enum|trait|mod) \w+|\s*#\[\w+",
    "java": r"package [\w.]+;|import (?:static )?[\w.*]+;"
    r"|\s*(?:public|private|protected) [\w<>\[\] ]+[({]|\s*@(?:Override|Test)\b"
    r"|\s*(?:public |final )*class \w+",
    "csharp": r"using [\w.]+;|namespace [\w.]+|\s*(?:public|private|internal) [\w<>\[\]? ]+[({]"
    r"|\s*\[\w+(?:\(.*\))?\]$|.*\{ get; (?:set;|init;)? ?\}",
    "c": r"#include [<\"]\w+[\w/]*\.h[>\"]|#define \w+|(?:static |const |unsigned )*(?:int|void"
    r"|char|double|float|size_t|struct \w+) \*?\w+\(|typedef |\s*(?:printf|malloc|free)\(",
    "cpp": r"#include <\w+>$|(?:using )?namespace \w+|template ?<|\s*std::|.*\bstd::\w+"
    r"|\s*(?:public|private|protected):$|.*\bcout <<",
    "ruby": r"require(?:_relative)? ['\"]|\s*def [\w.?!]+|\s*class \w+(?: < [\w:]+)?$|\s*end$"
    r"|\s*module \w+$|\s*attr_(?:reader|accessor|writer) |.* do \|\w+",
    "php": r"<\?php|\s*\$\w+ = |\s*(?:public |private |protected |static )*function \w+\("
    r"|use [\w\\]+;|namespace [\w\\]+;",
    "bash": r"\s*(?:if|while) \[{1,2} |\s*(?:fi|done|esac|then)$|\s*set -[eux]|[A-Z_]+=[\"$\w]"
    r"|\s*echo |\w+\(\) ?\{|\s*for \w+ in |\s*export \w+=",
    "sql": r"(?i:\s*(?:select|insert into|create (?:table|index|view)|update|alter table"
    r"|delete from|with \w+ as|from|where|(?:left |inner )?join|group by|order by) ?\b)",
    "kotlin": r"\s*(?:override |suspend |private )*fun \w+|\s*va[lr] \w+.* = |\s*data class \w+",
    "swift": r"import (?:Foundation|UIKit|SwiftUI)|\s*func \w+\(.*\) (?:-> \w+ )?\{|\s*guard let "
    r"|\s*(?:let|var) \w+: \w+",
    "html": r"(?i:\s*<(?:!doctype html|html|head|body|div|p|script|ul|li|a|table|h\d)\b)",
    "css": r"\s*[.#@\w][\w .#:,>-]*\{$|\s+[\w-]+: [^;]+;$",
    "lua": r"\s*local (?:function )?\w+|\s*function [\w.:]+\(|\s*end$|.* then$",
    "dockerfile": r"(?:FROM|RUN|COPY|ENTRYPOINT|CMD|WORKDIR|ENV|EXPOSE) \S",
    "makefile": r"[\w.-]+:(?: [\w. -]+)?$|\.PHONY:|[A-Z_]+ [?:]?= ",
}
_NEEDED = 2
_SHARE = 0.08
_LARGEST_PARSED = 1 << 18


def most_likely(lines: Sequence[str], text: str) -> str:
    """Return the language with most constructs; "" where no text is likely to be one's code.

    Python that parses, with a statement that no prose has, needs no count.
    """
    if _is_python(text):
        return "python"
    filled = [line for line in lines if line.strip()]
    scores = {
        name: sum(1 for line in filled if matcher(line))
        for name, matcher in ((name, re.compile(text).match) for name, text in _CONSTRUCTS.items())
    }
    best = max(scores, key=lambda name: scores[name])
    enough = scores[best] >= max(_NEEDED, _SHARE * len(filled))
    return best if enough else ""


def _is_python(text: str) -> bool:
    import ast

    from devchat.explain.python import parse_python

    tree = parse_python(text) if len(text) <= _LARGEST_PARSED else ""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(tree, ast.Module) and any(isinstance(node, kinds) for node in tree.body)
