"""Every action that is kept anywhere in the code has a sentence, and every sentence an action."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any, get_args

import pytest

from bot.conversations.models import Audit
from bot.desk import moves, order_actions
from bot.desk.api.requests import NoteRequest
from bot.settings import ROOT
from bot.studio import promotions
from bot.studio.audit import sentences
from bot.studio.audit.sentences import GROUPS, TEXTS, Sentences

# What keeps an action, and its place among the arguments; a keyword is named ``action``.
KEEPERS = {
    ("audits", "note"): 2,
    ("audits", "add"): 2,
    ("privacy", "audit"): 2,
    (None, "audit"): 2,
    (None, "Audit"): None,
    (None, "_keep"): 1,
    (None, "keep"): 1,
    ("desk", "note"): 1,
    ("desk", "act"): 1,
    ("self", "note"): 1,
    ("views", "note"): 1,
    ("self", "_note"): 0,
    ("self", "_do"): 0,
    (None, "moved"): 1,
    ("customers", "note_view"): 2,
    (None, "note_view"): 2,
    ("self", "_note_view"): 1,
    ("sign_ins", "end"): 3,
    (None, "keep_failed"): 2,
    (None, "_change_webhook"): 1,
}
# Whose action is no constant: what it may be is collected below.
COMPUTED = {
    "bot/cli.py": {"action"},
    "bot/conversations/audits.py": {"action"},
    "bot/conversations/privacy.py": {"action"},
    "bot/desk/api/conversations.py": {"body.kind"},
    "bot/desk/api/moves.py": {"action"},
    "bot/desk/api/services.py": {"action"},
    "bot/desk/composer.py": {"self._note_kind"},
    "bot/desk/customers.py": {"action"},
    "bot/desk/live.py": {"action"},
    "bot/desk/moves.py": {"name"},
    "bot/desk/order_actions.py": {"f'order_{wish.action}'"},
    "bot/staff/pages.py": {"action"},
    "bot/staff/sign_ins.py": {"action"},
    "bot/studio/audit/keeping.py": {"action"},
    "bot/studio/promotion.py": {"kind"},
    "bot/terminal.py": {"action"},
}
# Named as a parameter's default, or by who calls for one of the computed ones.
NAMED = {
    *("erase", "erase_again", "session_end", "data_commit", "data_revert"),
}


ID = "0123abcdef"


def kept() -> Iterator[tuple[str, str | None, str]]:
    """Of each place that keeps an action: the file, the action if it is a constant, and its code."""
    for path in chain((ROOT / "bot").rglob("*.py"), (ROOT / "actions").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        if file.startswith("bot/engine/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for given in _action(file, node):
                    constant = given.value if isinstance(given, ast.Constant) else None
                    yield file, constant if isinstance(constant, str) else None, ast.unparse(given)


def _action(file: str, call: ast.Call) -> Iterator[ast.expr]:
    owner, name, arguments = None, "", list(call.args)
    match call.func:
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            pass
        case ast.Attribute(value=ast.Attribute(attr=owner), attr=name):
            pass
        case ast.Name(id=name):
            pass
    if name == "partial" and arguments and ast.unparse(arguments[0]) == "audits.note":
        owner, name, arguments = "audits", "note", arguments[1:]
    if name == "to_thread" and arguments and ast.unparse(arguments[0]) == "audits.note":
        owner, name, arguments = "audits", "note", arguments[1:]
    if name == "to_thread" and arguments and ast.unparse(arguments[0]) == "accounts.sign_ins.end":
        owner, name, arguments = "sign_ins", "end", arguments[1:]
    if (owner, name) not in KEEPERS or (name in ("_do", "_note") and file != "bot/desk/live.py"):
        return
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "action")
    place = KEEPERS[owner, name]
    if place is not None and len(arguments) > place and not isinstance(arguments[place], ast.Starred):
        yield arguments[place]


def all_actions() -> set[str]:
    constants = {action for _, action, _ in kept() if action}
    return {
        *constants,
        *NAMED,
        *(name for name, _, _ in moves.MOVES),
        *(f"order_{action}" for action in (*order_actions.ACTIONS, "withdraw")),
        *get_args(NoteRequest.model_fields["kind"].annotation),
        *(promotions.PROMOTE, promotions.ROLLBACK),
    }


def test_all_places_that_keep_something_are_known() -> None:
    for file, constant, code in kept():
        assert constant or code in COMPUTED.get(file, ()), f"{file}: which actions may '{code}' be?"


def test_every_action_has_sentences_and_a_group() -> None:
    actions = all_actions()
    assert len(actions) > 60 and {"view_phone", "sign_in_failed", "train", "order_cancel"} <= actions
    grouped = list(chain(*GROUPS.values()))
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == actions
    for language, t in TEXTS.items():
        for action in actions:
            row = Audit(id=1, at=datetime.now(UTC), by="agent:1", action=action, detail=None)
            said = Sentences(t, {}).line(row)
            assert said and said != action and "[" not in said, (language, action)
        for group in GROUPS:
            assert t(f"group_{group}")


def test_no_sentence_names_what_nothing_fills() -> None:
    for t in TEXTS.values():
        for key in (key for key in t._sentences if key.startswith("did_")):
            said = t(key, **sentences._MARKERS)
            assert "{" not in said and said.count("[") == said.count("]")


def line(action: str, language: str = "zh", by: str = "agent:1", **detail: Any) -> str:
    row = Audit(id=1, at=datetime.now(UTC), by=by, action=action, detail=detail or None)
    return Sentences(TEXTS[language], {1: "管理员", 2: "小王"}).line(row)


@pytest.mark.parametrize(
    ("said", "action", "detail"),
    [
        ("停用了 小王", "account_disable", {"account": 2}),
        ("停用了 账号 #9", "account_disable", {"account": 9}),
        (
            "修改了 小王 的角色：客服 → 主管",
            "account_role",
            {"account": 2, "was": "agent", "role": "supervisor"},
        ),
        ("修改了 小王 的角色", "account_role", {"account": 2}),
        ("退出了自己的另外 2 处登录", "sessions_end", {"account": 1, "number": 2}),
        ("退出了 小王 的 2 处登录", "sessions_end", {"account": 2, "number": 2}),
        ("想用不存在的账号登录，地址 ::1", "sign_in_failed", {"account": None, "address": "::1"}),
        (
            "在待复核里看了会话 0123abcd",
            "view_conversation",
            {"conversation": ID, "place": "review"},
        ),
        (
            "看了会话 0123abcd（用 API 令牌 #3）",
            "view_conversation",
            {"conversation": ID, "token": 3},
        ),
        (
            "状态改为下班，交出 2 个会话",
            "presence",
            {"presence": "offline", "chats": ["a", "b"]},
        ),
        ("看了工单 T100023", "ticket_view", {"ticket": 23}),
        ("不再保留模型 guitai-1", "pin_model", {"model": "guitai-1", "pinned": False}),
        ("删除了顾客的数据：1 个会话，共 4 行", "erase", {"conversation": 1, "message": 3}),
        ("某个旧操作", "某个旧操作", {"x": 1}),
    ],
)
def test_what_is_said(said: str, action: str, detail: dict[str, Any]) -> None:
    assert line(action, **detail) == said


def test_who_did_it() -> None:
    who = Sentences(TEXTS["zh"], {1: "管理员"}).who
    assert [who(by).text for by in ("agent:1", "agent:9", "cli:0", "worker", "stranger", "agent:x", "?")] == [
        *("管理员", "账号 #9", "终端（系统用户 0）", "系统自动", "未登录的人", "agent:x", "?"),
    ]


def test_links_lead_to_our_own_pages_alone() -> None:
    row = Audit(id=1, at=datetime.now(UTC), by="x", action="data_commit")
    for commit in ("javascript:alert(1)", "../..", "a" * 39, {"x": 1}, "A" * 40):
        row.detail = {"commit": commit, "files": ["data/\u202enlu.yml"], "number": 1}
        parts = Sentences(TEXTS["zh"], {}).said(row)
        assert all(part.href is None for part in parts) and "\u202e" not in str(parts)
    row.detail = {"commit": "a" * 40, "files": ["data/nlu/x.yml"], "number": 1}
    assert [part.href for part in Sentences(TEXTS["zh"], {}).said(row) if part.href] == [
        f"/studio/history/{'a' * 40}"
    ]
    row.action, row.detail = "view_conversation", {"conversation": "x?c=1&<b>"}
    assert all(part.href is None for part in Sentences(TEXTS["zh"], {}).said(row))
