"""The house rules that no linter knows: floors, import cycles, sizes, and silent imports."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# ARCHITECTURE.md, "The house, floor by floor": between rooms, imports go only to lower floors.
FLOORS = {
    "devchat": 0,
    "devchat.types": 0,
    "devchat.errors": 0,
    "devchat.changes": 1,
    "devchat.languages": 1,
    "devchat.process": 1,
    "devchat.prompts": 1,
    "devchat.settings": 1,
    "devchat.sanitize": 1,
    "devchat.analyzers": 2,
    "devchat.context": 2,
    "devchat.diff": 2,
    "devchat.history": 2,
    "devchat.models": 2,
    "devchat.policy": 2,
    "devchat.source": 2,
    "devchat.backends": 3,
    "devchat.chat": 4,
    "devchat.explain": 4,
    "devchat.review": 4,
    "devchat.render": 5,
    "devchat.cli": 6,
    "devchat.__main__": 7,
    "bot": 0,
    "bot.errors": 5,
    "bot.configuration": 5,
    "bot.database": 5,
    "bot.forge": 5,
    "bot.jobs": 5,
    "bot.webhook": 5,
    "bot.events": 6,
    "bot.ledger": 6,
    "bot.logs": 6,
    "bot.github": 7,
    "bot.reviewing": 7,
    "bot.metrics": 7,
    "bot.durable": 8,
    "bot.web": 8,
    "bot.command": 9,
    "bot.__main__": 10,
}
# Implementations of one protocol live in one room and still never import each other.
SIBLINGS = ("devchat.backends.local", "devchat.backends.remote", "devchat.backends.scripted")
# A front door is chosen at run time; the registry alone names what it opens.
REGISTRIES = {"devchat.backends"}
SOURCES = sorted(path for top in ("devchat", "bot") for path in ROOT.glob(f"{top}/**/*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2])


def imports_of(path: Path) -> Iterator[str]:
    """Yield every module of ours that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in MODULES or node.module in MODULES:
                    yield whole if whole in MODULES else str(node.module)


@cache
def edges() -> list[tuple[str, str]]:
    """List who imports whom; not at import, for every worker of a test run imports this."""
    return [(module, target) for module, path in MODULES.items() for target in imports_of(path)]


def named_in(path: Path) -> Iterator[str]:
    """Yield every module of ours that a file names in a string, to import or to run it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and node.value in MODULES and "." in node.value:
            yield node.value


@cache
def named() -> list[tuple[str, str]]:
    return [(module, target) for module, path in MODULES.items() for target in named_in(path)]


def belongs(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


def test_every_room_has_a_floor() -> None:
    assert {room_of(module) for module in MODULES} <= FLOORS.keys()


@pytest.mark.no_cover
def test_imports_go_down() -> None:
    wrong = [
        (module, target)
        for module, target in edges() + named()
        if (room := room_of(module)) != (below := room_of(target))
        and FLOORS[room] <= FLOORS[below]
        and below not in ("devchat", "bot")
    ]
    assert wrong == []


def test_the_front_doors_and_the_implementations_keep_apart() -> None:
    wrong = [
        (module, target)
        for module, target in edges() + named()
        if (belongs(module, "devchat") and belongs(target, "bot"))
        or (belongs(module, "bot") and belongs(target, "devchat.cli"))
        or any(
            belongs(module, one) and belongs(target, other)
            for one in SIBLINGS
            for other in SIBLINGS
            if one != other
        )
    ]
    assert wrong == []


def test_there_is_no_import_cycle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, target in edges():
        chosen = module in REGISTRIES and any(belongs(target, one) for one in SIBLINGS)
        if not chosen and module != target:
            graph[module].add(target)
    while leaves := [module for module, targets in graph.items() if not targets & graph.keys()]:
        for leaf in leaves:
            del graph[leaf]
    assert graph == {}


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_file_is_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text().split("\n")) <= 301


def bodies() -> Iterator[tuple[int, str]]:
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                documented = ast.get_docstring(node) is not None and len(node.body) > 1
                first = node.body[1 if documented else 0]
                yield (node.end_lineno or 0) - first.lineno + 1, f"{module}.{node.name}"


def test_functions_are_short() -> None:
    sizes = sorted(bodies())
    assert [name for size, name in sizes if size > 40] == []
    assert sizes[int(len(sizes) * 0.9)][0] <= 20
    assert sizes[len(sizes) // 2][0] <= 7


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_every_file_says_what_it_does(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_names_say_what_is_inside() -> None:
    vague = {"utils", "util", "helpers", "common", "manager", "misc"}
    assert [module for module in MODULES if module.rsplit(".", 1)[-1] in vague] == []


def test_protocols_are_small() -> None:
    # Those of the forge, what we need of GitHub, may have eight.
    wrong = []
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases):
                methods = [
                    one
                    for one in node.body
                    if isinstance(one, ast.FunctionDef) and not one.decorator_list
                ]
                if len(methods) > (8 if module == "bot.forge" else 4):
                    wrong.append(f"{module}.{node.name}")
    assert wrong == []


def blind_excepts(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            last = node.body[-1]
            cleans_up = isinstance(last, ast.Raise) and last.exc is None
            if not cleans_up and (node.type is None or names_everything(node.type)):
                yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            yield from (node.lineno for one in node.args if names_everything(one))


def names_everything(caught: ast.expr) -> bool:
    """Tell whether `Exception` is what is caught, alone or among others."""
    names = {ast.unparse(one) for one in getattr(caught, "elts", [caught])}
    return bool(names & {"Exception", "BaseException"})


def test_only_the_outermost_boundaries_catch_everything() -> None:
    blind = {module for module, path in MODULES.items() if list(blind_excepts(path))}
    assert blind <= {"devchat.cli", "bot.__main__", "bot.durable.running"}


HEAVY = ["rich", "openai", "llama_cpp", "numpy", "prompt_toolkit", "flask", "github"]
HEAVY += ["keyring", "tomlkit", "jsonschema", "markdown_it", "pygments"]
HEAVY += ["jinja2", "llguidance", "httpx2", "pydantic", "tree_sitter"]
HEAVY += ["pathspec", "yaml", "detect_secrets", "dbos", "sqlalchemy"]
HEAVY += ["gunicorn", "prometheus_client"]
HEAVY += ["requests", "jwt", "cryptography"]
# Each of these would be a file written, a process started or a network reached.
DEEDS = ["os.mkdir", "os.remove", "subprocess.Popen", "os.posix_spawn", "socket.__new__"]


def test_importing_does_nothing_and_pulls_in_nothing_heavy() -> None:
    # These are made of rich and prompt_toolkit, and are themselves only imported for a terminal.
    heavy = ["devchat.render.terminal", "devchat.render.review.text", "devchat.cli.chat.terminal"]
    # These are made of sqlalchemy and dbos; the faces of their rooms import them when called.
    heavy += ["bot.database", "bot.ledger.store", "bot.ledger.tables"]
    durable = ("burying", "client", "lease", "records", "running", "worker")
    heavy += [f"bot.durable.{name}" for name in durable]
    # This is made of flask, and is only imported to serve.
    heavy += ["bot.web"]
    light = [module for module in MODULES if not any(belongs(module, one) for one in heavy)]
    code = (
        "import os, sys\n"
        "def watch(event, args):\n"
        "    wrote = event == 'open' and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)\n"
        f"    assert not wrote and event not in {DEEDS!r}, (event, args)\n"
        "sys.addaudithook(watch)\n"
        f"for name in {light!r}:\n    __import__(name)\n"
        f"print(sorted(set({HEAVY!r}) & sys.modules.keys()))"
    )
    command = [sys.executable, "-B", "-c", code]
    # Coverage writes files of its own into every process that it is told to follow.
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# Tests that don't run, and tests of something else than what ships.
EVASIONS = re.compile(
    r"unittest\.mock|import mock|\bmocker\b|importorskip|\.(skip|skipif|xfail)\b"
    r"|setattr\(\s*[\"']?devchat"
)


def test_tests_run_and_mock_nothing_of_ours() -> None:
    tests = [path for path in ROOT.glob("tests/**/*.py") if path != Path(__file__)]
    assert [path for path in tests if EVASIONS.search(path.read_text())] == []
