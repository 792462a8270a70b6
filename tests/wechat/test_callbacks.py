"""From the wire to a message and back: every kind, what wechatpy makes of the same, and hostile bodies."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import wechatpy
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.events import BaseEvent
from wechatpy.exceptions import WeChatException

from bot.channels.wechat import bodies, callbacks, inbound
from bot.channels.wechat.callbacks import Callback, Keys, Mode, Refused
from bot.channels.wechat.crypto import MessageCipher, signature

KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
APP = "wx0123456789abcdef"
NOW = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
SAFE = Keys("geheim", Mode.SAFE, MessageCipher(KEY, APP))
COMPATIBLE = Keys("geheim", Mode.COMPATIBLE, MessageCipher(KEY, APP))
PLAIN = Keys("geheim", Mode.PLAIN, None)

HEAD = {"ToUserName": "gh_1", "FromUserName": "oAbc-_1", "CreateTime": 1763884800}


def xml(**fields: Any) -> bytes:
    return bodies.write({**HEAD, **fields}, "xml").encode()


def query(encrypted: str | None = None, at: datetime = NOW, token: str = "geheim") -> dict[str, str]:
    stamp, nonce = str(int(at.timestamp())), "n1"
    asked = {"timestamp": stamp, "nonce": nonce, "signature": signature(token, stamp, nonce)}
    if encrypted is not None:
        asked |= {"encrypt_type": "aes", "msg_signature": signature(token, stamp, nonce, encrypted)}
    return asked


def sealed(body: bytes, app: str = APP, format: bodies.Format = "xml") -> tuple[dict[str, str], bytes]:
    encrypted = MessageCipher(KEY, app).encrypt(body)
    return query(encrypted), bodies.write({"ToUserName": "gh_1", "Encrypt": encrypted}, format).encode()


# What comes in


def read(body: bytes) -> inbound.Inbound:
    return inbound.message(bodies.read(body)[0])


KINDS: list[tuple[dict[str, Any], type[inbound.Inbound], dict[str, Any]]] = [
    (
        {"MsgType": "text", "Content": "你好 ]]> <b>"},
        inbound.Text,
        {"content": "你好 ]]> <b>", "menu_id": None},
    ),
    ({"MsgType": "text", "Content": "查物流", "bizmsgmenuid": "b1"}, inbound.Text, {"menu_id": "b1"}),
    (
        {"MsgType": "text", "Content": "【收到不支持的消息类型，暂无法显示】"},
        inbound.Unsupported,
        {"kind": "sticker"},
    ),
    ({"MsgType": "image", "PicUrl": "http://x", "MediaId": "m-1"}, inbound.Image, {"media_id": "m-1"}),
    (
        {"MsgType": "voice", "MediaId": "m-2", "Format": "amr", "Recognition": "查物流"},
        inbound.Voice,
        {"media_id": "m-2", "recognition": "查物流"},
    ),
    ({"MsgType": "video", "MediaId": "m-3", "ThumbMediaId": "t"}, inbound.Video, {"media_id": "m-3"}),
    ({"MsgType": "shortvideo", "MediaId": "m-4", "ThumbMediaId": "t"}, inbound.Video, {"media_id": "m-4"}),
    (
        {"MsgType": "location", "Location_X": 23.1, "Location_Y": "113.3", "Scale": 20, "Label": "广州"},
        inbound.Location,
        {"latitude": "23.1", "longitude": "113.3", "label": "广州"},
    ),
    (
        {"MsgType": "link", "Title": "T", "Description": "D", "Url": "https://x"},
        inbound.Link,
        {"title": "T", "description": "D", "url": "https://x"},
    ),
    (
        {"MsgType": "miniprogrampage", "Title": "T", "AppId": "wx1", "PagePath": "p/1"},
        inbound.MiniProgramPage,
        {"title": "T", "app_id": "wx1", "page": "p/1"},
    ),
    ({"MsgType": "file", "Title": "a.pdf"}, inbound.Unsupported, {"kind": "file"}),
    ({"MsgType": "holo", "X": 1}, inbound.Unsupported, {"kind": "holo"}),
]
EVENTS: list[tuple[dict[str, Any], type[inbound.Inbound], dict[str, Any]]] = [
    ({"Event": "subscribe", "EventKey": ""}, inbound.Subscribe, {"scene": ""}),
    ({"Event": "subscribe", "EventKey": "qrscene_7", "Ticket": "t"}, inbound.Subscribe, {"scene": "7"}),
    ({"Event": "unsubscribe", "EventKey": ""}, inbound.Unsubscribe, {}),
    ({"Event": "SCAN", "EventKey": "7", "Ticket": "t"}, inbound.Scan, {"scene": "7"}),
    ({"Event": "CLICK", "EventKey": "track"}, inbound.MenuClick, {"event_key": "track"}),
    ({"Event": "VIEW", "EventKey": "https://x"}, inbound.MenuView, {"event_key": "https://x"}),
    ({"Event": "LOCATION", "Latitude": "1", "Longitude": "2"}, inbound.Event, {"name": "location"}),
    (
        {"Event": "TEMPLATESENDJOBFINISH", "MsgID": 200163836, "Status": "success"},
        inbound.NoticeResult,
        {"message_id": "200163836", "status": "success"},
    ),
    ({"Event": "user_enter_tempsession", "SessionFrom": "order"}, inbound.Enter, {"session_from": "order"}),
    (
        {
            "Event": "pic_weixin",
            "EventKey": "k",
            "SendPicsInfo": {"Count": 1, "PicList": [{"PicMd5Sum": "a"}]},
        },
        inbound.Event,
        {"name": "pic_weixin", "event_key": "k"},
    ),
]


@pytest.mark.parametrize("format", ["xml", "json"])
@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        *(({**fields, "MsgId": 6054768590064713728}, kind, expected) for fields, kind, expected in KINDS),
        *(({**fields, "MsgType": "event"}, kind, expected) for fields, kind, expected in EVENTS),
    ],
)
def test_every_kind_is_read(
    fields: dict[str, Any], kind: type[inbound.Inbound], expected: dict[str, Any], format: bodies.Format
) -> None:
    found = read(bodies.write({**HEAD, **fields}, format).encode())
    assert type(found) is kind
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.account, found.openid, found.at) == (
        "gh_1",
        "oAbc-_1",
        datetime(2025, 11, 23, 8, tzinfo=UTC),
    )
    if "MsgId" in fields:
        assert found.key == "m:6054768590064713728"


def test_events_are_told_apart_as_wechat_says() -> None:
    def key(**fields: Any) -> str:
        return read(xml(MsgType="event", **fields)).key

    same = key(Event="CLICK", EventKey="a")
    assert key(Event="CLICK", EventKey="a") == same
    others = [key(Event="CLICK", EventKey="b"), key(Event="VIEW", EventKey="a")]
    others.append(read(xml(MsgType="event", Event="CLICK", EventKey="a", CreateTime=1763884801)).key)
    assert len({same, *others}) == 4


CONTENT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60).map(str.strip)
ID = st.integers(1, 2**62)
MESSAGES = st.one_of(
    st.fixed_dictionaries({"MsgType": st.just("text"), "Content": CONTENT, "MsgId": ID}),
    st.fixed_dictionaries({"MsgType": st.just("image"), "PicUrl": CONTENT, "MediaId": CONTENT, "MsgId": ID}),
    st.fixed_dictionaries(
        {"MsgType": st.just("voice"), "MediaId": CONTENT, "Recognition": CONTENT, "MsgId": ID}
    ),
    st.fixed_dictionaries(
        {"MsgType": st.just("link"), "Title": CONTENT, "Description": CONTENT, "Url": CONTENT, "MsgId": ID}
    ),
    st.fixed_dictionaries(
        {"MsgType": st.just("event"), "Event": st.sampled_from(["CLICK", "VIEW"]), "EventKey": CONTENT}
    ),
    st.fixed_dictionaries(
        {
            "MsgType": st.just("event"),
            "Event": st.just("subscribe"),
            "EventKey": CONTENT.map("qrscene_".__add__),
        }
    ),
)
SAME = [
    (inbound.Text, {"content": "content"}),
    (inbound.Image, {"media_id": "media_id"}),
    (inbound.Voice, {"media_id": "media_id", "recognition": "recognition"}),
    (inbound.Link, {"title": "title", "description": "description", "url": "url"}),
    (inbound.MenuClick, {"event_key": "key"}),
    (inbound.MenuView, {"event_key": "url"}),
    (inbound.Subscribe, {"scene": "scene_id"}),
]


@given(MESSAGES)
def test_wechatpy_reads_the_same(fields: dict[str, Any]) -> None:
    body = xml(**fields)
    ours, theirs = read(body), wechatpy.parse_message(body)
    assert (ours.openid, ours.account) == (theirs.source, theirs.target)
    if not isinstance(theirs, BaseEvent):
        assert ours.key == f"m:{theirs.id}"
    # It makes None of what is empty, and drops spaces at both ends.
    for ours_name, theirs_name in dict(SAME).get(type(ours), {}).items():
        assert getattr(ours, ours_name).strip() == (getattr(theirs, theirs_name) or "").strip()


# Who may call


@pytest.mark.parametrize("keys", [SAFE, COMPATIBLE])
@pytest.mark.parametrize("format", ["xml", "json"])
def test_an_encrypted_call_is_opened(keys: Keys, format: bodies.Format) -> None:
    inner = bodies.write({**HEAD, "MsgType": "text", "Content": "你好", "MsgId": 1}, format).encode()
    asked, body = sealed(inner, format=format)
    opened = callbacks.open_callback(keys, asked, body, NOW)
    assert opened.fields["Content"] == "你好" and opened.encrypted and opened.format == format


def test_of_a_compatible_account_only_what_was_encrypted_counts() -> None:
    encrypted = MessageCipher(KEY, APP).encrypt(xml(MsgType="text", Content="wahr", MsgId=1))
    body = xml(MsgType="text", Content="gefälscht", MsgId=2, Encrypt=encrypted)
    opened = callbacks.open_callback(COMPATIBLE, query(encrypted), body, NOW)
    assert opened.fields["Content"] == "wahr" and opened.fields["MsgId"] == "1"


def test_a_plain_account_reads_what_is_signed() -> None:
    body = xml(MsgType="text", Content="你好", MsgId=1)
    assert callbacks.open_callback(PLAIN, query(), body, NOW).fields["Content"] == "你好"
    with pytest.raises(Refused, match="signature"):
        callbacks.open_callback(PLAIN, query(token="anderes"), body, NOW)


def test_the_address_is_checked() -> None:
    assert callbacks.check_address(SAFE, {**query(), "echostr": "4375"}, NOW) == "4375"
    for wrong in ({}, {**query(token="anderes"), "echostr": "1"}, query(at=NOW - timedelta(days=1))):
        with pytest.raises(Refused):
            callbacks.check_address(SAFE, wrong, NOW)


@pytest.mark.parametrize("keys", [SAFE, COMPATIBLE])
def test_what_proves_nothing_is_refused(keys: Keys) -> None:
    text = xml(MsgType="text", Content="你好", MsgId=1)
    asked, body = sealed(text)
    other_account = sealed(text, app="wx-other")
    old = {**query(body.decode()), "msg_signature": "0" * 40}
    stale_at = NOW - timedelta(minutes=11)
    encrypted = bodies.read(body)[0]["Encrypt"]
    calls: list[tuple[dict[str, str], bytes]] = [
        (query(), text),  # in the clear, though its plain signature is right
        ({**asked, "msg_signature": ""}, body),
        ({**asked, "nonce": "n2"}, body),
        (asked, sealed(xml(MsgType="text", Content="anders", MsgId=1))[1]),  # a signature for another body
        other_account,
        (old, body),
        (query(encrypted, at=stale_at), body),
        (query(encrypted, at=NOW + timedelta(minutes=11)), body),
        ({**asked, "timestamp": "jetzt"}, body),
        (asked, b""),
        (asked, b"{}"),
        (asked, json.dumps({"Encrypt": ["x"]}).encode()),
        (asked, b"<xml><Encrypt>"),
    ]
    for number, (given_query, given_body) in enumerate(calls):
        with pytest.raises(Refused):
            callbacks.open_callback(keys, given_query, given_body, NOW)
            pytest.fail(f"call {number} was taken")


def test_a_key_is_needed_but_for_the_plain_mode() -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        Keys("geheim", Mode.SAFE, None)


# Hostile bodies

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(
        f'<!ENTITY a{n} "{"&a%s;" % (n - 1 or "")}{"&a%s;" % (n - 1 or "")}">'.encode() for n in range(1, 30)
    )
    + b"]><xml>&a29;</xml>"
)


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b'<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>',
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml><MsgType>text</MsgType></xml>',
        b'<?xml version="1.0" encoding="utf-16"?><xml/>'.decode().encode("utf-16"),
        "<xml><a>中</a></xml>".encode("gb18030"),
        b"<xml><MsgType>text</MsgType><MsgType>event</MsgType></xml>",
        b'{"MsgType": "text", "MsgType": "event"}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": NaN}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"<a>" * 20_000,
        b"<xml>" + b"<a>" * 9_000 + b"</a>" * 9_000 + b"</xml>",
        b"<html><body>502 Bad Gateway</body></html>",
        b"<xml>text</xml>",
        b"<xml>" + b"x" * (1024 * 1024) + b"</xml>",
        b"",
        b"\x00",
        b"null",
        b"[]",
        b"<xml><a>&unknown;</a></xml>",
        b"<xml><a>\x01</a></xml>",
    ],
)
def test_a_hostile_body_is_refused_at_once(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(bodies.Unreadable):
        inbound.message(bodies.read(body)[0])
    assert time.process_time() - began < 5  # it hangs not


@pytest.mark.parametrize(
    "wrong",
    [
        {"MsgType": ""},
        {"FromUserName": ""},
        {"FromUserName": "o" * 65},
        {"FromUserName": "../etc"},
        {"FromUserName": "ｏｐｅｎ"},
        {"CreateTime": "heute"},
        {"CreateTime": "-1"},
        {"CreateTime": "9999999999"},
        {"CreateTime": "１２３"},
        {"MsgId": ""},
        {"MsgId": "1' OR 1=1"},
        {"FromUserName": {"a": "b"}},
    ],
)
def test_a_message_without_what_all_have_is_refused(wrong: dict[str, Any]) -> None:
    sound = {"MsgType": "text", "Content": "你好", "MsgId": 1}
    assert read(xml(**sound)).openid == "oAbc-_1"
    with pytest.raises(bodies.Unreadable):
        read(xml(**{**sound, **wrong}))


NAMES = st.sampled_from([*HEAD, "MsgType", "Content", "MsgId", "Event", "EventKey", "Encrypt", "item"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("event"),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(NAMES, parts, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=400) | st.dictionaries(NAMES, ANYTHING).map(lambda f: json.dumps(f).encode()))
def test_no_body_crashes_anything(body: bytes) -> None:
    for wrapped in (body, b"<xml>" + body + b"</xml>"):
        for keys, asked in ((PLAIN, query()), (SAFE, query(wrapped.decode("latin-1")))):
            try:
                found = callbacks.open_callback(keys, asked, wrapped, NOW)
                assert isinstance(inbound.message(found.fields), inbound.Inbound)
            except (bodies.Unreadable, Refused) as error:
                assert str(error)


# What goes out


@pytest.mark.parametrize(
    "text", ["你好", "]]>", "a]]]]>>b", "]]><MsgType><![CDATA[news]]></MsgType>", "&lt;\x00\x1b￾", "😀\r\n"]
)
def test_a_reply_says_what_it_shall_and_nothing_else(text: str) -> None:
    asked, body = sealed(xml(MsgType="text", Content="?", MsgId=1))
    opened = callbacks.open_callback(SAFE, asked, body, NOW)
    answer = callbacks.close_reply(SAFE, opened, callbacks.text_reply(opened, text, NOW), NOW)
    fields = bodies.read(answer.encode())[0]
    signed = signature("geheim", fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
    assert (
        fields.keys() == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
        and fields["MsgSignature"] == signed
    )
    # As WeChat reads it.
    said = wechatpy.utils.to_text(MessageCipher(KEY, APP).decrypt(fields["Encrypt"]))
    reply = bodies.read(said.encode())[0]
    shown = "".join(c for c in text if c in "\r\n" or (c >= " " and c != "￾")).replace("\r\n", "\n")
    assert reply == {
        "ToUserName": "oAbc-_1",
        "FromUserName": "gh_1",
        "CreateTime": str(int(NOW.timestamp())),
        "MsgType": "text",
        "Content": shown,
    }


def test_a_reply_in_the_clear_and_in_json() -> None:
    opened = Callback({"FromUserName": "o1", "ToUserName": "gh_1"}, "json", False)
    answer = callbacks.close_reply(PLAIN, opened, callbacks.transfer_reply(opened, NOW), NOW)
    assert json.loads(answer) == {
        "ToUserName": "o1",
        "FromUserName": "gh_1",
        "CreateTime": int(NOW.timestamp()),
        "MsgType": "transfer_customer_service",
    }


@given(CONTENT)
def test_wechatpy_understands_our_reply(text: str) -> None:
    opened = Callback({"FromUserName": "o1", "ToUserName": "gh_1"}, "xml", False)
    answer = callbacks.close_reply(PLAIN, opened, callbacks.text_reply(opened, text, NOW), NOW)
    try:
        reply = wechatpy.replies.deserialize_reply(answer)
    except WeChatException:
        pytest.fail("wechatpy cannot read it")
    assert (reply.target, reply.source, reply.type) == ("o1", "gh_1", "text")
    assert (reply.content or "").strip() == text.strip()
