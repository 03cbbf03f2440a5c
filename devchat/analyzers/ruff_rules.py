"""The rules of ruff that are asked for: those that are almost never wrong. Data only.

`docs/analyzers.md` says how they were chosen, and lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from devchat.changes import Severity

_CALL = "The line raises an exception as soon as it runs. Make both sides agree."
_SYNTAX = "Python refuses the whole file: it can't be imported or run."
_TYPE = "Python raises `TypeError` when it is used. Return a value of the type that it must have."
_LOG = (
    "`logging` prints a traceback instead of the message. Pass one argument for each placeholder."
)
_NEVER = "The test always has the same result, so the other case never happens."

RULES: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        "ASYNC210": ("warning", "Every other task of the event loop waits until the server has "
                     "answered. Use an asynchronous client, or a thread."),
        "ASYNC212": ("warning", "Every other task of the event loop waits until the server has "
                     "answered. Use `httpx.AsyncClient`."),
        "ASYNC251": ("warning", "Every other task of the event loop stands still meanwhile. "
                     "Use `await asyncio.sleep(...)`."),
        "B002": ("warning", "`++x` is `+(+x)`: nothing is counted up. Write `x += 1`."),
        "B003": ("warning", "Child processes still see the old environment. Change its items, or "
                 "call `os.environ.clear()` first."),
        "B006": ("warning", "The default is made once and shared: what one call puts in, the next "
                 "call without this argument finds there. Use `None`, and make it inside."),
        "B015": ("warning", "The result is thrown away. Was `=` or `assert` meant?"),
        "B016": ("error", "`raise` needs an exception: this raises `TypeError` instead."),
        "B021": ("warning", "An f-string is no docstring: `__doc__` stays empty, and it is "
                 "evaluated each time."),
        "B025": ("warning", "The first handler takes it; the second one never runs."),
        "B029": ("warning", "`except ()` catches nothing."),
        "B030": ("error", "When an exception arrives here, Python raises `TypeError` instead."),
        "B032": ("warning", "This annotates and assigns nothing. Was `=` meant?"),
        "B035": ("warning", "Each round overwrites the same key, so one item is left."),
        "F404": ("error", _SYNTAX),
        "F407": ("error", _SYNTAX),
        "F501": ("error", _CALL),
        "F502": ("error", _CALL),
        "F503": ("error", _CALL),
        "F505": ("error", _CALL),
        "F506": ("error", _CALL),
        "F507": ("error", _CALL),
        "F508": ("error", _CALL),
        "F509": ("error", _CALL),
        "F521": ("error", _CALL),
        "F523": ("warning", "The argument is not in the text. Is a `{}` missing?"),
        "F524": ("error", _CALL),
        "F525": ("error", _CALL),
        "F601": ("warning", "The last value wins; the earlier one is lost."),
        "F602": ("warning", "The last value wins; the earlier one is lost."),
        "F621": ("error", _SYNTAX),
        "F622": ("error", _SYNTAX),
        "F631": ("error", "A tuple with something in it is always true: this assertion can't "
                 "fail. Take the parentheses away."),
        "F632": ("error", "`is` asks whether both are one object in memory, which for equal values "
                 "is left to chance. Compare with `==` or `!=`."),
        "F633": ("error", "Python 3 raises `TypeError` here. Use `print(..., file=...)`."),
        "F634": ("error", f"A tuple with something in it is always true. {_NEVER}"),
        "F701": ("error", _SYNTAX),
        "F702": ("error", _SYNTAX),
        "F704": ("error", _SYNTAX),
        "F706": ("error", _SYNTAX),
        "F707": ("error", _SYNTAX),
        "F811": ("warning", "The second definition replaces the first, which nothing has used: a "
                 "test of the same name, for one, never runs."),
        "F821": ("error", "Running this line raises `NameError`: the name is not assigned, "
                 "imported or built in."),
        "F822": ("error", "`from ... import *` of this module raises `AttributeError`."),
        "F823": ("error", "The function assigns this name further down, so it is local from its "
                 "first line on: this raises `UnboundLocalError`."),
        "F901": ("error", "`NotImplemented` is no exception: this raises `TypeError`."),
        "G101": ("error", "`logging` raises `KeyError` for a name that it uses itself."),
        "PIE794": ("warning", "The last one wins; the earlier value is lost."),
        "PLE0100": ("error", "The class can't be made: `__init__` must return None."),
        "PLE0115": ("error", _SYNTAX),
        "PLE0117": ("error", _SYNTAX),
        "PLE0118": ("error", _SYNTAX),
        "PLE0237": ("error", "Assigning it raises `AttributeError`: it is not in `__slots__`."),
        "PLE0241": ("error", "Making the class raises `TypeError`."),
        "PLE0302": ("error", "Python calls it with another number of arguments: `TypeError`."),
        "PLE0303": ("error", _TYPE),
        "PLE0304": ("error", _TYPE),
        "PLE0305": ("error", _TYPE),
        "PLE0307": ("error", _TYPE),
        "PLE0308": ("error", _TYPE),
        "PLE0309": ("error", _TYPE),
        "PLE0604": ("error", "`from ... import *` of this module raises `TypeError`."),
        "PLE0643": ("error", "Running this line raises `IndexError`."),
        "PLE1132": ("error", "The call raises `TypeError`."),
        "PLE1142": ("error", _SYNTAX),
        "PLE1205": ("error", _LOG),
        "PLE1206": ("error", _LOG),
        "PLE1300": ("error", _CALL),
        "PLE1307": ("error", _CALL),
        "PLE1310": ("warning", "`strip` takes a set of characters off both ends, not a word, and "
                    "one of them stands here twice. Was `removeprefix` meant?"),
        "PLE1507": ("error", "The call raises `TypeError`: names of variables are strings."),
        "PLE1700": ("error", _SYNTAX),
        "PLE2502": ("error", "Characters that turn the direction of writing make code read "
                    "differently from what it does (CVE-2021-42574). Delete them."),
        "PLR1708": ("error", "In a generator this becomes `RuntimeError`. Use `return`."),
        "PLW0129": ("error", f"A string with something in it is always true. {_NEVER}"),
        "PLW0133": ("error", "The exception is made and thrown away. `raise` is missing."),
        "PLW0245": ("error", "`super` without parentheses is the type itself: this raises "
                    "`AttributeError`."),
        "PLW0711": ("error", "`A or B` is `A`: the second exception is not caught. Use `(A, B)`."),
        "PLW1501": ("error", "The call raises `ValueError`."),
        "PLW2101": ("error", "Each run makes a lock of its own, so nothing is kept out. Make it "
                    "once, where all can see it."),
        "RUF008": ("error", "`dataclass` raises `ValueError` when the class is made. Use "
                   "`field(default_factory=...)`."),
        "RUF016": ("error", "Running this line raises `TypeError`."),
        "RUF024": ("warning", "All keys share the one value: changing it at one changes all."),
        "RUF030": ("warning", "`print` returns None, so the message is lost."),
        "RUF034": ("warning", "Both branches are the same."),
    }
)  # fmt: skip
"""A rule's severity, and what fails where it is broken."""

BUILTINS = (
    "_",
    "N_",
    "display",
    "get_config",
    "get_ipython",
    "ngettext",
    "reveal_type",
    "__path__",
)
"""Names that programs put in place for what they load."""
