"""Pictures over real HTTP: what is kept, what is refused, and who may see them."""

import zlib
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from bot.conversations.pictures import LARGEST_BYTES
from bot.settings import Settings

from .calls import begin, history, problem, until

Headers = dict[str, str]
ORIENTATION, MAKE, GPS, LATITUDE = 0x0112, 0x010F, 0x8825, 2
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def plain(width: int, height: int) -> bytes:
    """A picture of one colour: few bytes, many pixels."""
    out = BytesIO()
    Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


def upload(http: httpx.Client, mine: Headers, data: bytes) -> httpx.Response:
    return http.post("/api/chat/attachments", content=data, headers=mine)


def kept(http: httpx.Client, mine: Headers, data: bytes) -> str:
    answer = upload(http, mine, data)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def seen(http: httpx.Client, mine: Headers, attachment: str) -> httpx.Response:
    return http.get(f"/api/chat/attachments/{attachment}", headers=mine)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("JPEG", "image/jpeg"), ("WEBP", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/png")],
)
def test_a_picture_is_sent_answered_and_seen(http: httpx.Client, kind: str, type_: str) -> None:
    _, mine = begin(http)
    attachment = kept(http, mine, picture(kind))
    body = {"client_id": "a", "attachment": attachment}
    assert http.post("/api/chat/messages", json=body, headers=mine).status_code == 202
    shopper, bot = until(http, mine, 2)
    assert shopper["attachment"] == attachment and "text" not in shopper
    assert bot["text"] == f'回答 /inform{{"attachment": "{attachment}"}}'
    answer = seen(http, mine, attachment)
    assert (answer.status_code, answer.headers["content-type"]) == (200, type_)
    assert Image.open(BytesIO(answer.content)).size == (60, 40)


def test_a_picture_is_only_ever_looked_at(http: httpx.Client) -> None:
    _, mine = begin(http)
    headers = seen(http, mine, kept(http, mine, picture())).headers
    assert headers["content-disposition"].startswith('inline; filename="')
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_words_may_go_with_a_picture(http: httpx.Client) -> None:
    _, mine = begin(http)
    body = {"client_id": "a", "text": "鞋底开胶了", "attachment": kept(http, mine, picture())}
    for _ in range(2):
        assert http.post("/api/chat/messages", json=body, headers=mine).json() == {"seq": 1}
    shopper, bot = until(http, mine, 2)
    assert (shopper["text"], shopper["attachment"]) == (body["text"], body["attachment"])
    assert bot["text"] == "回答 鞋底开胶了"


def test_where_and_how_it_was_taken_is_forgotten(http: httpx.Client, settings: Settings) -> None:
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "PhoneMaker", 6
    exif.get_ifd(GPS)[LATITUDE] = (31.0, 13.0, 49.0)
    data = picture(size=(80, 40), exif=exif, comment=b"written beside it")
    assert b"PhoneMaker" in data and Image.open(BytesIO(data)).getexif().get_ifd(GPS)
    _, mine = begin(http)
    attachment = kept(http, mine, data)
    stored = (settings.data_dir / "attachments" / attachment).read_bytes()
    assert stored == seen(http, mine, attachment).content
    shown = Image.open(BytesIO(stored))
    assert not shown.getexif() and b"PhoneMaker" not in stored and b"written beside it" not in stored
    assert shown.size == (40, 80), "turned upright"


def test_a_large_one_is_made_smaller(http: httpx.Client) -> None:
    _, mine = begin(http)
    data = plain(4000, 2000)
    assert Image.open(BytesIO(seen(http, mine, kept(http, mine, data)).content)).size == (2048, 1024)


def test_a_photo_of_megabytes_arrives(http: httpx.Client) -> None:
    _, mine = begin(http)
    out = BytesIO()
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(out, "JPEG", quality=90)
    assert 3_000_000 < len(out.getvalue()) < LARGEST_BYTES
    shown = Image.open(BytesIO(seen(http, mine, kept(http, mine, out.getvalue())).content))
    assert shown.size == (2048, 1536)


def test_what_hides_behind_a_picture_is_gone(http: httpx.Client) -> None:
    _, mine = begin(http)
    for data in (picture("GIF") + SVG, picture() + b"PK\3\4<script>alert(1)</script>"):
        assert b"<script>" not in seen(http, mine, kept(http, mine, data)).content


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it is 30,000 by 30,000."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    side = (30_000).to_bytes(4, "big")
    head = chunk(b"IHDR", side + side + b"\x08\x02\0\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "status", "type_"),
    [
        (b"", 415, "unknown-picture-format"),
        (SVG, 415, "unknown-picture-format"),
        (b"<!doctype html><script>alert(1)</script>", 415, "unknown-picture-format"),
        (b"GIF89a=1;alert(1)//", 415, "unknown-picture-format"),
        (b"\xff\xd8\xff\xe0 a picture by its first bytes only", 415, "unknown-picture-format"),
        (picture("TIFF"), 415, "unknown-picture-format"),
        (picture("BMP"), 415, "unknown-picture-format"),
        (HEIC, 415, "unknown-picture-format"),
        (picture("PNG", (300, 200))[:500], 422, "unreadable-picture"),
        (picture(size=(300, 200))[:1000], 422, "unreadable-picture"),
        (bomb(), 422, "unreadable-picture"),
        (plain(7000, 6000), 422, "unreadable-picture"),
    ],
    ids=(
        "empty svg html gif-script jpeg-head tiff bmp heic cut-png cut-jpeg bomb too-many-pixels".split()  # noqa: SIM905
    ),
)
def test_what_is_no_picture_is_refused_and_not_kept(
    http: httpx.Client, settings: Settings, data: bytes, status: int, type_: str
) -> None:
    _, mine = begin(http)
    before = set(settings.data_dir.glob("attachments/*"))
    problem(upload(http, mine, data), status, type_)
    assert set(settings.data_dir.glob("attachments/*")) == before


def test_eleven_megabytes_are_refused(http: httpx.Client) -> None:
    _, mine = begin(http)
    data = picture() + b"\0" * (LARGEST_BYTES + 1024 * 1024)
    problem(upload(http, mine, data), 413, "too-large")


def test_only_the_conversations_own_token_opens_it(http: httpx.Client) -> None:
    _, mine = begin(http)
    attachment = kept(http, mine, picture())
    _, other = begin(http)
    problem(seen(http, other, attachment), 404, "unknown-attachment")
    problem(seen(http, {}, attachment), 401, "missing-token")
    problem(http.post("/api/chat/attachments", content=picture()), 401, "missing-token")
    for id_ in ("0" * 32, "..%2fsecrets%2fchat", "x", "%00"):
        assert seen(http, mine, id_).status_code == 404
    assert seen(http, mine, attachment).status_code == 200


@pytest.mark.parametrize("words", [{}, {"text": "看图"}])
def test_a_foreign_picture_cannot_be_sent(http: httpx.Client, words: dict[str, str]) -> None:
    _, hers = begin(http)
    attachment = kept(http, hers, picture())
    _, mine = begin(http)
    for id_ in (attachment, "0" * 32):
        body = {"client_id": "a", "attachment": id_, **words}
        problem(http.post("/api/chat/messages", json=body, headers=mine), 422, "unknown-attachment")
    assert history(http, mine) == []


def test_a_picture_cannot_be_told_by_payload_or_typed(http: httpx.Client) -> None:
    _, mine = begin(http)
    payload = f'/inform{{"attachment": "{kept(http, mine, picture())}"}}'
    sent = http.post("/api/chat/messages", json={"client_id": "a", "payload": payload}, headers=mine)
    problem(sent, 422, "unknown-payload")
    both = {"client_id": "b", "payload": "/greet", "attachment": "0" * 32}
    problem(http.post("/api/chat/messages", json=both, headers=mine), 422, "invalid-request")
    assert history(http, mine) == []


def test_pictures_lie_where_only_we_read(http: httpx.Client, settings: Settings) -> None:
    _, mine = begin(http)
    path = settings.data_dir / "attachments" / kept(http, mine, picture())
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_too_many_pictures_are_told_when_to_come_back(http: httpx.Client) -> None:
    _, mine = begin(http)
    for _ in range(20):
        kept(http, mine, picture())
    refused = upload(http, mine, picture())
    problem(refused, 429, "too-many-requests")
    assert 60 < int(refused.headers["retry-after"]) <= 3600
    _, other = begin(http)
    kept(http, other, picture())
