"""What `test_pictures.py` checks, each in a process: `seeing.py NAME MODEL PROJECTOR`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from devchat.backends.local.library import bare_import
from devchat.backends.local.prefixes import STEP
from devchat.backends.local.stand import before_picture, positions
from devchat.types import Image, Message, Options, Part, Request, Text
from tests.backends.local.bare_sight import next_word
from tests.backends.local.conftest import ask
from tests.backends.local.projector import TOKENS, png
from tests.backends.local.workbench import Workbench, check_same

RED, BLUE = (Image(f"{name}.png", "image/png", png(color)) for name, color in (
    ("red", (255, 0, 0)), ("blue", (0, 0, 255))
))  # fmt: skip
LONG = Text("Look at what follows with care, and think of its colors and of its shapes. " * 2)


def see(*parts: Part, most: int = 8) -> Request:
    """Make a greedy request of texts and pictures."""
    options = Options(temperature=0.0, max_tokens=most)
    return Request((Message("user", parts),), options)


def a_picture_is_seen(bench: Workbench) -> None:
    """Another picture gives another answer, the same one the same: in a new engine too."""
    question = Text("What is this?")
    requests = [see(question, RED), see(question, BLUE), see(question)]
    red, blue, none = (bench.ask(request)[0] for request in requests)
    bench.renew()
    (again,) = bench.ask(see(question, RED))
    assert red.text == again.text and red.text
    assert len({red.text, blue.text, none.text}) == 3
    assert len(red.prompt) == len(blue.prompt) > len(none.prompt) + 10


def as_llama_cpp_does(bench: Workbench) -> None:
    """The first word of an answer, and the positions before it, are those of llama.cpp's own way
    from texts and pictures to logits."""
    (answer,) = bench.ask(see(LONG, RED, Text("What is between?"), BLUE, most=1))
    assert answer.run is not None
    plan = answer.run.plan
    found = next_word(bench.weights, Path(sys.argv[3]), plan, [RED.data, BLUE.data])
    assert found == (answer.tokens[-1], positions(plan.prompt))


def looking_is_progress(bench: Workbench) -> None:
    """Who waits hears that the engine works, also while it looks for long at one picture."""
    bench.ask(ask("Hi", max_tokens=1))
    assert not bench.steps
    bench.ask(see(RED, Text("Which color?"), most=1))
    assert bench.steps


def order_matters(bench: Workbench) -> None:
    question = Text("Which is first?")
    orders: list[tuple[Part, ...]] = [
        (RED, BLUE, question),
        (BLUE, RED, question),
        (question, RED, BLUE),
        (RED, question),
    ]
    answers = [bench.ask(see(*parts, most=8))[0] for parts in orders]
    assert len({answer.text for answer in answers}) == len(orders)
    assert len({len(answer.prompt) for answer in answers[:2]}) == 1


def a_text_beside_it_is_not_disturbed(bench: Workbench) -> None:
    text = ask("Explain git.", max_tokens=16)
    (alone,) = bench.ask(text)
    bench.renew()
    beside = bench.add(text)
    bench.tick(5)
    seen = bench.add(see(Text("What is this?"), RED, BLUE))
    bench.ask()
    assert not seen.error and seen.text
    check_same(bench, alone, beside)


def what_was_seen_is_not_looked_at_again(bench: Workbench) -> None:
    """A whole picture or nothing of it is shared: with the next request, and with one beside."""
    first = see(LONG, RED, LONG, Text("Which color?"))
    (before,) = bench.ask(first)
    (same,) = bench.ask(first)
    assert (same.text, same.cached > len(same.prompt) - 20) == (before.text, True)
    (other,) = bench.ask(see(LONG, BLUE, LONG, Text("Which color?")))
    (text,) = bench.ask(see(LONG))
    assert 0 < other.cached <= len(text.prompt) < same.cached
    bench.renew()
    fresh = bench.ask(see(LONG, BLUE, LONG, Text("Which color?")))[0]
    assert fresh.text == other.text
    bench.renew()
    both = bench.ask(first, see(LONG, RED, LONG, Text("Which shape?")))
    assert both[0].cached == 0 and both[1].cached > TOKENS + len(text.prompt) // 2


def the_last_token_before_a_picture_is_never_read_alone(bench: Workbench) -> None:
    """Whatever of the text before it was read for another request."""

    def asked(picture: Image, words: int) -> Request:
        return see(Text("one " * words), picture, LONG, most=4)

    ends = {
        before_picture(bench.ask(asked(RED, words))[0].prompt) % STEP: words
        for words in range(30, 30 + STEP)
    }
    words = ends[1]
    bench.renew()
    (fresh,) = bench.ask(asked(BLUE, words))
    bench.renew()
    _, (after,), (again,) = (bench.ask(asked(one, words)) for one in (RED, BLUE, BLUE))
    assert fresh.text == after.text == again.text
    assert 0 < after.cached < before_picture(after.prompt) - 1
    assert again.cached > before_picture(after.prompt), "it need not be looked at again"


def a_picture_alone_is_answered(bench: Workbench) -> None:
    (answer,) = bench.ask(see(RED))
    assert answer.text and not answer.error


def what_is_held_is_moved_with_its_pictures(bench: Workbench) -> None:
    """The pool grows while a picture is talked about, and goes on."""
    request = see(LONG, RED, Text("Which color?"), most=12)
    (alone,) = bench.ask(request)
    bench.renew()
    running = bench.add(request)
    bench.tick(6)
    size = bench.scheduler.describe()["window"]
    large = bench.add(ask("Hi", max_tokens=3000))
    bench.tick()
    assert bench.scheduler.describe()["window"] > size and len(bench.scheduler.runs) == 2
    large.gone = True
    bench.ask()
    check_same(bench, alone, running)


def a_failure_ends_its_request_alone(bench: Workbench) -> None:
    lost = bench.add(see(LONG, RED, Text("Which color?")))
    bench.tick()
    assert lost.run is not None
    views, mtmd = lost.run.plan.views, bare_import("llama_cpp", "mtmd_cpp")
    assert isinstance(views, dict)
    for first, view in views.items():
        # All of a picture but its pixels.
        views[first] = replace(view, chunk=mtmd.mtmd_input_chunk_get_placeholder(view.chunk))
    (other,) = bench.ask(ask("Hi"))
    assert lost.error.startswith("llama.cpp could not look at the picture: ")
    assert other.text and not other.error
    assert bench.scheduler.describe()["cells"] == 0
    (again,) = bench.ask(see(LONG, RED, Text("Which color?")))
    assert again.text and not again.error


def a_model_without_a_projector_says_so(bench: Workbench) -> None:
    bench.manner = replace(bench.manner, sight=None)
    bench.renew()
    (answer,) = bench.ask(see(RED))
    assert answer.error == "the model has no projector to look at `red.png` with"


def a_projector_for_sounds_is_refused_each_time(bench: Workbench) -> None:
    mtmd: Any = bare_import("llama_cpp", "mtmd_cpp")
    sees, mtmd.mtmd_support_vision = mtmd.mtmd_support_vision, lambda _: False
    refused = [bench.ask(see(RED))[0].error for _ in range(2)]
    assert [error.rpartition(": ")[2] for error in refused] == ["it is not for pictures"] * 2
    # Another file lies there meanwhile.
    mtmd.mtmd_support_vision = sees
    (answer,) = bench.ask(see(RED))
    assert answer.text and not answer.error


def nothing_of_it_is_drafted(bench: Workbench) -> None:
    """What followed a text where a picture followed it can't be guessed."""
    parts = [part for _ in range(4) for part in (Text("one two three four"), RED)]
    (answer,) = bench.ask(see(*parts, Text("Repeat: one two three four one two three"), most=30))
    assert not answer.error


if __name__ == "__main__":
    name, model, projector = sys.argv[1:]
    bench = Workbench(Path(model), lookup=name == "nothing_of_it_is_drafted")
    bench.look_by(Path(projector))
    globals()[name](bench)
