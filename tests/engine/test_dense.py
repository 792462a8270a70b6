"""A sentence encoder of the shop's own: a real one, small enough to be made here."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from rasa.core.agent import Agent
from rasa.shared.exceptions import InvalidConfigException
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from bot.data_check import examples
from bot.engine.evaluation.readings import best
from bot.engine.fingerprint import ROOT, fingerprint
from bot.engine.nlu.dense import Encoder
from bot.engine.train import TrainingFailed, train
from tests.engine.tiny import CONFIG, write_project

WIDTH = 32
# Words that the tiny shop's examples lack, and what this encoder knows them to mean.
SAME = {"咕": "发", "噜": "票"}


def write_encoder(folder: Path, words: str, *, mask: str = "attention_mask", pooled: bool = False) -> Path:
    """Write an encoder whose first token has the sum of the characters' vectors, and each its own besides."""
    characters = sorted({*words, *SAME, *SAME.values()})
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=16)  # as many exports have it
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))

    vectors = np.random.default_rng(0).normal(size=(len(vocabulary), WIDTH)).astype(np.float32)
    vectors[1:4] = 0
    for unknown, known in SAME.items():
        vectors[vocabulary[unknown]] = vectors[vocabulary[known]]
    out, shape = ("summed", ["n", WIDTH]) if pooled else ("states", ["n", "m", WIDTH])
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["vectors", "input_ids"], ["tokens"]),
            helper.make_node("Cast", [mask], ["cast"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["cast", "last"], ["kept"]),
            helper.make_node("Mul", ["tokens", "kept"], ["known"]),
            helper.make_node("ReduceSum", ["known", "middle"], ["summed"], keepdims=not pooled),
            *([] if pooled else [helper.make_node("Add", ["tokens", "summed"], ["states"])]),
        ],
        "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "m"]) for name in ("input_ids", mask)],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, shape)],
        [
            numpy_helper.from_array(vectors, "vectors"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / "model.onnx"))
    return folder


def write_shop(root: Path, **options: Any) -> None:
    """Write the tiny shop with an encoder."""
    write_project(root)
    encoder = write_encoder(root / "encoder", "".join(each.text for each in examples(root)), **options)
    before, after = CONFIG.split("- {name: bot.engine.nlu.intent_classifier")
    block = f"- {{name: bot.engine.nlu.dense.SentenceEncoder, model: {encoder}}}\n"
    (root / "config.yml").write_text(f"{before}{block}- {{name: bot.engine.nlu.intent_classifier{after}")


def parse(agent: Agent, text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = asyncio.run(agent.parse_message(text))
    return parsed


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    write_shop(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        train(root / "model.tar.gz", root)
    return root


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_sentences_have_the_same_vector_in_any_company(tmp_path: Path, pooling: str) -> None:
    encoder = Encoder(write_encoder(tmp_path, "发票运费谁出怎么开"), pooling, 16, 1)
    texts = ["发票", "怎么开发票", "", "咕噜", "运费谁出", *["开" * i for i in range(1, 80)]]
    rows = encoder.encode(texts)
    assert np.allclose(rows, np.concatenate([encoder.encode([text]) for text in texts]), atol=1e-6)
    assert np.allclose(np.linalg.norm(np.delete(rows, 2, axis=0), axis=1), 1)
    assert rows[0] @ rows[3] == pytest.approx(1)
    assert rows[0] @ rows[4] < 0.8


def test_the_bot_knows_what_only_the_encoder_knows(shop: Path, model: Path) -> None:
    agent = Agent.load(str(shop / "model.tar.gz"))
    plain = Agent.load(str(model))
    read, without = parse(agent, "咕噜"), parse(plain, "咕噜")
    assert without["intent"]["name"] == "nlu_fallback"
    assert _score(without, "faq/invoice_how") < 0.1
    assert best(read, {})[0] == "order_status"
    assert read["response_selector"]["faq"]["response"]["intent_response_key"] == "faq/invoice_how"
    assert _score(read, "faq/invoice_how") > 0.3
    # What was known before still is; an exact question has the score 1, and one of other things about 0.
    assert best(parse(agent, "你好"), {})[0] == "greet"
    assert _score(parse(agent, "怎么开发票"), "faq/invoice_how") == pytest.approx(1)
    assert abs(_score(parse(agent, "订单到哪一步了"), "faq/invoice_how")) < 0.1
    # Where nothing is written the encoder has no say; its half is nought.
    nothing = _score(parse(plain, "\u200b"), "faq/invoice_how")
    assert _score(parse(agent, "\u200b"), "faq/invoice_how") == pytest.approx(nothing / 2, abs=1e-3)


def _score(parsed: dict[str, Any], topic: str) -> float:
    ranking = parsed["response_selector"]["faq"]["ranking"]
    return next(float(each["confidence"]) for each in ranking if each["intent_response_key"] == topic)


def test_another_encoder_than_that_of_the_training_is_refused(shop: Path, tmp_path: Path) -> None:
    folder, kept = shop / "encoder", tmp_path / "kept"
    before = fingerprint(shop)
    shutil.copytree(folder, kept)
    try:
        write_encoder(folder, "别的")
        assert fingerprint(shop) != before
        with pytest.raises(InvalidConfigException, match=r"encoder is not the one .* run `make train`"):
            Agent.load(str(shop / "model.tar.gz"))
        (folder / "model.onnx").unlink()
        with pytest.raises(InvalidConfigException, match=r"model\.onnx is missing: put"):
            Agent.load(str(shop / "model.tar.gz"))
    finally:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    assert fingerprint(shop) == before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("encoder/tokenizer.json", None, "tokenizer.json is missing: put"),
        ("encoder/model.onnx", b"none", "does not work: export it anew"),
        ("encoder/tokenizer.json", b"{}", "does not work: export it anew"),
        ("config.yml", (b", model: ", b", modell: "), "needs `model:`"),
        ("config.yml", (b", model: ", b", pooling: max, model: "), "must be cls or mean, not 'max'"),
    ],
    ids=["file", "model", "tokenizer", "path", "pooling"],
)
def test_an_encoder_that_does_not_work_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: Any, said: str
) -> None:
    write_shop(tmp_path)
    path = tmp_path / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(*content) if isinstance(content, tuple) else content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingFailed) as failed:
        train(tmp_path / "model.tar.gz", tmp_path)
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"mask": "pixels"}, "asks for pixels"), ({"pooled": True}, "summed has 2 dimensions")],
    ids=["inputs", "output"],
)
def test_an_export_of_another_kind_is_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConfigException, match=said):
        Encoder(write_encoder(tmp_path, "好", **options), "cls", 16, 1)


def test_a_shop_without_an_encoder_does_not_pay_for_one() -> None:
    code = "import sys, bot.engine.nlu.dense; sys.exit('onnxruntime' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
