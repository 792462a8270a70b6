"""`bot shop load` and its sentences about wrong files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT, Settings
from bot.shop.loading import CannotLoad, load

from .test_loading import WHOLE
from .test_once import contents


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        (
            "status: delivered\n  placed",
            "status: sent\n  placed",
            19,
            "'sent' is not known; write one of 'pend",
        ),
        ("placed: T-5d 10:00", "placed: yesterday", 20, "'yesterday' is no moment; write it like T-3d"),
        ("  placed: T-5d 10:00\n", "", 17, "placed: this is missing; add it"),
        ("  paid: T-5d 10:01\n", "", 17, "an order that is delivered needs paid; write e.g. paid: T-1d"),
        ("remark:", "remarks:", 26, "there is no such member"),
        ("customer: w1", "customer: w2", 18, "'w2' is not among this file's customers"),
        ("no: w1-delivered", "no: ' '", 17, "does not fit the pattern"),
        ("- no: w1-delivered\n  customer", "- customer", 17, "write either no, the whole number, or serial"),
        ("sku: mug-1, qty: 2", "sku: cup-1, qty: 2", 27, "'cup-1' is sold neither in this file nor in"),
        ("sku: mug-black, price_fen: 5900", "sku: mug-1", 27, "'mug-1' stands here twice; write qty"),
        ("discount_fen: 100", "discount_fen: 99999", 24, "the goods cost only 13700; write that or less"),
        ('phone: "13600000001"', "phone: 13600000001", 9, "is no text; put it into quotation marks"),
        ("level: silver", "level: vip", 10, "write one of 'regular', 'silver' or 'gold'"),
        ("price_fen: 3900\n", "summary: 好\n", 5, "no price; write price_fen here or at the product"),
        ("price_fen: 3900\n", "price_fen: -1\n", 4, "greater than or equal to 0, not -1"),
        ("qty: 2}", "qty: two}", 27, "valid integer"),
        ("items: [{sku: mug-1}]", "items: [{sku: mug-1, qty: 3}]", 38, "of 'mug-1' there are only 2 left"),
        ("items: [{sku: mug-1}]", "items: [{sku: tea-1}]", 38, "'tea-1' is not in the order; write one of"),
        ("kind: return", "kind: exchange", 35, "an exchange needs target_sku"),
        ("name: 马克杯", "name: 马克杯\n  image: cat", 4, "there is no picture 'cat'; write one of band"),
        ("- id: w1\n", "- {id: w1, name: 一, phone: '13600000009'}\n- id: w1\n", 8, "'w1' stands here twice"),
        ("orders:\n", "orders: {\n", 17, "this is no YAML"),
        (
            "reason: quality",
            "target_sku: mug-1\n    reason: quality",
            37,
            "only an exchange has this; take it out",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence_and_changes_nothing(
    goods: None, settings: Settings, tmp_path: Path, wrong: str, right: str, line: int, said: str
) -> None:
    path = tmp_path / "shop.yml"
    assert WHOLE.count(wrong) >= 1
    path.write_text(WHOLE.replace(wrong, right, 1), encoding="utf-8")
    before = contents(settings)
    with pytest.raises(CannotLoad) as refused:
        load(settings.shop_database, path, replace=True)
    text = str(refused.value)
    assert f"{path}, line {line}: " in text and said in text and text.endswith(".") and "\n" not in text
    assert contents(settings) == before


def test_the_command(settings: Settings, goods: None, tmp_path: Path) -> None:
    file = tmp_path / "shop.yml"
    file.write_text(WHOLE, encoding="utf-8")

    def run(*arguments: str, url: str = settings.shop_database) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "GUITAI_DATA_DIR": str(tmp_path), "GUITAI_SHOP_DATABASE_URL": url}
        command = [sys.executable, "-m", "bot.cli", "shop", "load", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    done = run(str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Loaded: 1 customers, 1 products, 1 orders, 1 promotions.\n"
    for failed, said in [
        (run("nowhere.yml"), "nowhere.yml cannot be read: No such file or directory."),
        (run(str(file), url="postgresql://nobody@127.0.0.1:1/x"), "The shop's database does not answer"),
    ]:
        assert (failed.returncode, failed.stdout) == (1, "")
        assert said in failed.stderr and "Traceback" not in failed.stderr


@pytest.mark.parametrize("text", ["- a list", "", "just words"])
def test_what_is_no_mapping(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shop.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotLoad, match="line 1: write lists named customers, products, orders and"):
        load(f"sqlite:///{tmp_path / 'shop.db'}", path)
