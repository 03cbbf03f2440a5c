"""Time to the 8th non-blank character of an answer by the embedded model, four ways."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import sleep
from typing import Any

from tests.benchmarks.pairs import Contestant, Row, compare, interleave, until_characters

ROUNDS = 15
THINGS = (
    "a mutex", "a hash table", "a Python generator", "a git rebase", "a foreign key", "a socket",
    "a deadlock", "a linked list", "a unit test", "a compiler", "a closure", "an index", "a stack",
    "a thread pool", "a regular expression", "a symbolic link",
)  # fmt: skip

BARE = """
import json, sys
from llama_cpp import Llama
asked = json.loads(sys.argv[1])
llama = Llama(asked["path"], n_ctx=asked["window"], verbose=False)
for part in llama.create_chat_completion(
    asked["messages"], stream=True, temperature=0.2, max_tokens=asked["max_tokens"]
):
    sys.stdout.write(part["choices"][0]["delta"].get("content") or "")
    sys.stdout.flush()
"""


def question(number: int) -> str:
    """A question that no earlier round has asked, so that no cache holds its tokens."""
    return f"In two sentences, what is {THINGS[number % len(THINGS)]}?"


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Time a bare script, `llm`, and `devchat ask` with and without a resident engine."""
    devchat = str(Path(sys.executable).with_name("devchat"))
    asked = _what_is_asked(devchat, environ)

    def stop() -> None:
        subprocess.run([devchat, "models", "stop", "--all"], env=environ, capture_output=True)

    def ask(number: int) -> list[str]:
        return [devchat, "ask", question(number)]

    def bare(number: int) -> list[str]:
        messages = [dict(message) for message in asked["messages"]]
        messages[-1]["content"] = question(number)
        return [sys.executable, "-c", BARE, json.dumps(asked | {"messages": messages})]

    def llm(number: int) -> list[str]:
        program = str(Path(sys.executable).with_name("llm"))
        system = asked["messages"][0]["content"]
        return [program, "-m", "SmolLM2", "-s", system, question(number)]

    ask_once = until_characters(ask, environ)

    def cold(number: int) -> float:
        stop()
        return ask_once(number)

    def resident(number: int) -> float:
        sleep(0.2)  # the killed client's request ends in the engine
        return ask_once(number)

    contestants: dict[str, Contestant] = {
        "bare": until_characters(bare, environ),
        "llm": until_characters(llm, environ),
        "cold": cold,
        "resident": resident,
    }
    seconds = interleave(contestants, ROUNDS)
    stop()
    what = "8th character of `devchat ask`, engine"
    return [
        compare(seconds, f"{what} not running, against a bare script", "cold", "bare", 1.3),
        compare(seconds, f"{what} not running, against `llm -m SmolLM2`", "cold", "llm", 0.85),
        compare(seconds, f"{what} resident, against a bare script", "resident", "bare", 0.5),
    ]


def _what_is_asked(devchat: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The messages and options that `ask` sends, and the window that its engine makes of them."""

    def run(*args: str) -> Any:
        done = subprocess.run([devchat, *args], env=environ, capture_output=True, check=True)
        return json.loads(done.stdout)

    asked = run("ask", "--dry-run", "--json", question(0))
    run("ask", "--json", question(0))
    (engine,) = run("models", "ps", "--json")["engines"]
    return {
        "messages": [
            {"role": message["role"], "content": message["content"]}
            for message in asked["messages"]
        ],
        "max_tokens": asked["options"]["max_tokens"],
        "window": engine["window"],
        "path": engine["path"],
    }
