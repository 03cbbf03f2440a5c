"""The outline of other languages, by tree-sitter's grammars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from devchat.explain.sample import clipped
from devchat.explain.symbol import Symbol
from devchat.languages.trees import parse_tree

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 80
_DEEPEST = 200
_MOST = 2_000

# What the grammars call a definition, and what people call it.
_DEFINITIONS: Mapping[str, str] = {
    "class": "class", "class_declaration": "class", "class_specifier": "class",
    "abstract_class_declaration": "class", "record_declaration": "record",
    "struct_specifier": "struct", "struct_item": "struct", "struct_declaration": "struct",
    "enum_specifier": "enum", "enum_item": "enum", "enum_declaration": "enum",
    "union_specifier": "union", "interface_declaration": "interface",
    "trait_item": "trait", "trait_declaration": "trait", "impl_item": "impl",
    "module": "module", "mod_item": "module", "namespace_definition": "namespace",
    "namespace_declaration": "namespace", "type_spec": "type", "type_alias_declaration": "type",
    "type_definition": "type", "macro_definition": "macro",
    "function_declaration": "function", "generator_function_declaration": "function",
    "function_definition": "function", "function_item": "function",
    "function_signature_item": "function", "method_declaration": "method",
    "method_definition": "method", "constructor_declaration": "constructor",
    "method": "method", "singleton_method": "method",
}  # fmt: skip
_CALLABLE = frozenset(("function", "method", "constructor", "macro", "type"))
_NEED_BODY = frozenset(("struct_specifier", "enum_specifier", "class_specifier", "union_specifier"))
_FUNCTION_VALUES = frozenset(("arrow_function", "function_expression", "function"))


def tree_symbols(kind: str, text: str) -> tuple[Symbol, ...] | None:
    """Return what a source defines; None where its grammar is not there.

    Source that breaks the language's syntax is outlined as far as the grammar can follow; raises
    TimeoutError where that takes too long.
    """
    # Its grammar reads plain TypeScript too, but for the rare `<Type>value`.
    tree = parse_tree("tsx" if kind == "typescript" else kind, text)
    if tree is None:
        return None
    found = []
    for symbol in _definitions(tree.root_node):
        found.append(symbol)
        if len(found) == _MOST:
            break
    return tuple(found)


def _definitions(root: Node) -> Iterator[Symbol]:
    """Walk without recursion, for a hostile source may be nested as deep as it is long."""
    waiting: list[tuple[Node, int, int]] = [(root, 0, 0)]
    while waiting:
        node, depth, nesting = waiting.pop()
        what = _what(node)
        if what:
            yield _symbol(node, what, depth)
            if what in _CALLABLE:
                continue
        if nesting < _DEEPEST:
            inner = depth + bool(what)
            waiting += [(child, inner, nesting + 1) for child in reversed(node.named_children)]


def _what(node: Node) -> str:
    """Return what people call a node that defines something, "" for others."""
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        return "function" if value is not None and value.type in _FUNCTION_VALUES else ""
    if node.type in _NEED_BODY and node.child_by_field_name("body") is None:
        return ""
    return _DEFINITIONS.get(node.type, "") if _name(node) else ""


def _symbol(node: Node, what: str, depth: int) -> Symbol:
    parameters = node.child_by_field_name("parameters") or _declared(node, "parameters")
    name = _name(node) + (_text(parameters) if parameters is not None else "")
    first, last = node.start_point[0] + 1, node.end_point[0] + 1
    return Symbol(what, clipped(name, _LONGEST), first, last, depth)


def _name(node: Node) -> str:
    for field in ("name", "type"):
        named = node.child_by_field_name(field)
        if named is not None and (field == "name" or node.type == "impl_item"):
            return _text(named)
    declared = _declared(node, "declarator")
    return _text(declared) if declared is not None else ""


def _declared(node: Node, field: str) -> Node | None:
    """Follow C's declarators down to the parameters or the name that they declare."""
    found = node.child_by_field_name("declarator")
    for _ in range(_DEEPEST):
        if found is None or (field != "declarator" and found.child_by_field_name(field)):
            break
        deeper = found.child_by_field_name("declarator")
        if deeper is None:
            return found if field == "declarator" else None
        found = deeper
    return found.child_by_field_name(field) if found is not None else None


def _text(node: Node) -> str:
    return " ".join((node.text or b"").decode("utf-8", "replace").split())
