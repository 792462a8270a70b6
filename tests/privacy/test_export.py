"""The export: everything of hers, readable, for its owner alone."""

import json
import stat
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversations.export import NothingKept, export
from bot.conversations.models import Audit
from bot.conversations.privacy import of_customer
from tests.privacy.conftest import Installation


def test_all_of_hers_and_nothing_of_others(here: Installation, tmp_path: Path) -> None:
    hers = here.talk("c1001", "<b>我的</b>订单")
    here.talk("c2002", "别人的")
    out = tmp_path / "out.zip"
    counts = export(here.store, here.data_dir, of_customer("c1001"), out, by="cli:0")

    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("data.json"))
        page = archive.read("conversations.html").decode()
        pictures = [name for name in archive.namelist() if name.startswith("pictures/")]
        assert archive.read(pictures[0]).startswith(b"\x89PNG")
    [conversation] = data["conversations"]
    assert conversation["id"] == hers
    rows = here.rows(hers)
    assert {k: len(v) for k, v in conversation.items() if isinstance(v, list)} == {
        table: count for table, count in rows.items() if table not in ("conversation", "erasure")
    }
    assert counts["message"] == rows["message"]
    assert pictures and pictures[0] in page and "&lt;b&gt;我的&lt;/b&gt;订单" in page
    assert "别人的" not in page + json.dumps(data, ensure_ascii=False)
    with here.store.reading() as session:
        [audit] = session.scalars(select(Audit))
    assert audit.action == "export" and hers not in json.dumps(audit.detail)


def test_nobody_and_nothing_are_refused(here: Installation, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    with pytest.raises(NothingKept):
        export(here.store, here.data_dir, of_customer("c1001"), out, by="cli:0")
    assert not out.exists()
    here.talk("c1001", "你好")
    out.write_text("mine")
    with pytest.raises(FileExistsError):
        export(here.store, here.data_dir, of_customer("c1001"), out, by="cli:0")
    assert out.read_text() == "mine"
