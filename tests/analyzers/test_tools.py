"""Shell scripts by shellcheck, workflows by zizmor."""

from __future__ import annotations

import pytest

from tests.analyzers.looking import Seen, findings, seen
from tests.review.changes import Trees

SCRIPTS: list[tuple[str, str | None, str, list[Seen]]] = [
    ("a.sh", None, '#!/bin/bash\nrm -rf "$1/"\n', [("SC2115", 2)]),
    ("a.sh", None, "#!/bin/bash\nrm -rf $1\n", [("SC2086", 2)]),
    ("a.sh", None, "#!/bin/bash\nrm -rf $1/*\n", [("SC2115", 2)]),
    ("a.sh", None, "#!/bin/bash\nx = 3\n", [("SC2283", 2)]),
    ("a.sh", None, '#!/bin/bash\nif [ "$1" > 3 ]; then\n  echo a\nfi\n', [("SC2071", 2)]),
    ("bin/tool", None, "#!/usr/bin/env bash\nif true; then\n  echo a\n", [("SC1046", 2)]),
    ("a.bash", "echo a\n", "echo a\nprintf '%s %s\\n' \"$1\"\n", [("SC2183", 2)]),
    ("a.sh", None, '#!/bin/sh\nif [[ -n "$1" ]]; then\n  echo a\nfi\n', [("SC3010", 2)]),
    # Only what the change brought.
    ("a.sh", "#!/bin/bash\nx = 3\n", "#!/bin/bash\necho a\nx = 3\n", []),
    ("a.sh", "#!/bin/bash\nif true\n", "#!/bin/bash\nif true\necho a\n", []),
    # Not ours to judge, or good as it is.
    ("a.sh", None, "#!/bin/zsh\nx = 3\n", []),
    ("a.txt", None, "x = 3\n", []),
    ("a", None, '#!/bin/sh\nexec perl -x -S "$0" "$@"\n#!perl\nsub f($) {\n}\n', []),
    ("_a.sh", None, "#compdef a\nx = 3\n", []),
    ("a.sh", None, "#!/bin/bash\nrm -f -- $1/$2\n", [("SC2086", 2)]),
    ("a.sh", None, "x=3\necho $x\nfarm $x\ncd /tmp\nsource ~/.profile\n", []),
    ("a.sh", None, "#!/bin/bash\n# shellcheck disable=SC2283\nx = 3\n", []),
    ("a.sh", None, "#!/bin/bash\nx = 3\n" + "# long\n" * 20_000, []),
]


@pytest.mark.parametrize(("path", "base", "head", "expected"), SCRIPTS)
def test_scripts(path: str, base: str | None, head: str, expected: list[Seen]) -> None:
    assert seen("shellcheck", base, head, path) == expected


def test_shellcheckrc_is_not_read() -> None:
    both = {".shellcheckrc": "disable=all\n"}
    change = Trees(both, both | {"a.sh": "#!/bin/bash\nx = 3\n"})
    assert [one.rule for one in findings("shellcheck", change)] == ["SC2283"]


HEAD = "on: [push]\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
STEPS: list[tuple[str, list[Seen]]] = [
    ('      - run: echo "${{ github.event.issue.title }}"\n', [("template-injection", 7)]),
    ("      - run: |\n          a\n          b ${{ github.head_ref }}\n",
     [("template-injection", 9)]),
    ("      - if: contains('refs/heads/main', github.ref)\n        run: a\n",
     [("unsound-contains", 7)]),
    ("      - if: github.actor == 'dependabot[bot]'\n        run: a\n", []),
    ("      - run: echo ${{ toJSON(secrets) }}\n", [("overprovisioned-secrets", 7)]),
    ("      - run: a\n        env:\n          ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n",
     [("insecure-commands", 8)]),
    ("      - uses: actions/checkout@v4\n      - run: make test\n", []),
    ("      - run: echo a\n        env:\n          A: ${{ github.event.issue.title }}\n", []),
    ("      - run: echo ${{ github.sha }}\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), STEPS)
def test_workflows(steps: str, expected: list[Seen]) -> None:
    assert seen("zizmor", None, HEAD + steps, ".github/workflows/a.yml") == expected


def test_other_yaml_is_no_workflow() -> None:
    steps = STEPS[0][0]
    assert seen("zizmor", None, HEAD + steps, "docs/.github/workflows/a.yml") == []
    assert seen("zizmor", None, "a: [\n", ".github/workflows/a.yml") == []
    assert seen("zizmor", None, "a: 1\n", ".github/workflows/a.yml") == []


def test_a_trigger_is_told_once() -> None:
    base = HEAD + "      - run: a\n"
    head = base.replace("[push]", "pull_request_target")
    path = ".github/workflows/a.yml"
    assert seen("zizmor", base, head, path) == [("dangerous-triggers", 1)]
    assert seen("zizmor", head, head + "      - run: b\n", path) == []


def test_who_acts_matters_where_strangers_have_rights() -> None:
    head = HEAD.replace("[push]", "pull_request_target") + STEPS[3][0]
    assert ("bot-conditions", 7) in seen("zizmor", None, head, ".github/workflows/a.yaml")


def test_zizmors_settings_are_not_read() -> None:
    both = {".github/zizmor.yml": "rules:\n  template-injection:\n    disable: true\n"}
    both["zizmor.yml"] = both[".github/zizmor.yml"]
    change = Trees(both, both | {".github/workflows/a.yml": HEAD + STEPS[0][0]})
    assert [one.rule for one in findings("zizmor", change)] == ["template-injection"]


def test_the_tools_say_their_versions() -> None:
    from tests.analyzers.looking import analyzer

    versions = {name: analyzer(name).version for name in ("ruff", "shellcheck", "zizmor", "yaml")}
    assert all(one[0].isdigit() for one in versions.values())
