"""A repository whose policy asks for Chinese reads Chinese: in its check and in its comments."""

from __future__ import annotations

import json
from dataclasses import replace

from devchat.settings import Provider
from tests.bot.office import Office
from tests.fakes.service import Reply, Seen, Service, said

POLICY = 'language = "中文"\n'
SUMMARY = "这个改动把除法移到了循环之前。"
TITLE = "列表为空时会除以零"
BODY = "`total / len(values)` 在列表为空时抛出 `ZeroDivisionError`；先判断长度。"
CODE = "def mean(values):\n    total = sum(values)\n    return total / len(values)\n"
ANSWER = {
    "summary": SUMMARY,
    "findings": [
        {
            "path": "mean.py",
            "quote": "    return total / len(values)",
            "last_quote": None,
            "line": None,
            "rule": None,
            "suggestion": None,
            "severity": "error",
            "category": "bug",
            "title": TITLE,
            "body": BODY,
        }
    ],
}


def test_a_chinese_policy_gives_a_chinese_check_and_comment(office: Office) -> None:
    asked: list[str] = []

    def answer(seen: Seen) -> Reply:
        asked.append(json.dumps(seen.body, ensure_ascii=False))
        return said(json.dumps(ANSWER, ensure_ascii=False))

    with Service(answer) as service:
        providers = {"fake": Provider("fake", service.url)}
        settings = replace(office.desk.settings, model="fake:bright-1", providers=providers)
        office.desk = replace(office.desk, settings=settings)
        office.hub.commit(office.repository, {".devchat.toml": POLICY})
        pull = office.open({"mean.py": CODE})
        office.work()
    assert "in this language: 中文" in asked[0]
    (comment,) = pull.reviews[0].comments
    assert (comment["path"], comment["line"]) == ("mean.py", 3)
    assert f"**{TITLE}**" in comment["body"] and BODY in comment["body"]
    (check,) = office.repository.checks
    assert SUMMARY in (check.summary or "") and TITLE in (check.summary or "")
    assert check.annotations[0]["title"] == TITLE
