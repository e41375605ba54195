"""The sources for Android and iOS: parsed; Kotlin's text compared with the library on a desktop.

LiteRT's own calls are compiled against `kotlin/LiteRt.kt`, which has their names alone.
"""

import json
import pathlib
import shutil
import subprocess

import pytest
from tokenizer_kinds import LIMIT, manifest_of, rows_of_ids, texts, tokenizers

from keras_seq2seq.text.framing import encode_source_python

ROOT = pathlib.Path(__file__).parents[3]
PHONES = ROOT / "export" / "on_device"
SOURCES = {
    "kotlin": PHONES / "android" / "Seq2Seq.kt",
    "swift": PHONES / "ios" / "Seq2Seq.swift",
}
JSON = pathlib.Path("/usr/share/java/com.android.json.jar")


@pytest.mark.parametrize("language", SOURCES)
def test_parses(language):
    tree_sitter = pytest.importorskip("tree_sitter", reason="needs pip install tree-sitter")
    grammar = pytest.importorskip(
        f"tree_sitter_{language}", reason=f"needs pip install tree-sitter-{language}"
    )
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    source = SOURCES[language].read_bytes()
    assert not parser.parse(source).root_node.has_error
    assert parser.parse(source.replace(b"\n}\n", b"\n", 1)).root_node.has_error  # it would tell
    assert b"NOT RUN ON A PHONE" in source[:400]


@pytest.fixture(scope="module")
def kotlin(tmp_path_factory):
    if shutil.which("kotlinc") is None or shutil.which("java") is None or not JSON.exists():
        pytest.skip("needs apt-get install kotlin default-jre-headless libandroid-json-java")
    classes = tmp_path_factory.mktemp("kotlin")
    files = [SOURCES["kotlin"], *pathlib.Path(__file__).parent.glob("kotlin/*.kt")]
    command = ["kotlinc", "-no-reflect", "-cp", JSON, *files, "-d", classes]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    standard = next(pathlib.Path("/usr/share").glob("**/kotlin-stdlib.jar"))
    return ["java", "-Xss4m", "-cp", f"{classes}:{JSON}:{standard}", "MainKt"]


@pytest.mark.slow
def test_kotlin_reads_and_writes_text_as_the_library_does(kotlin, tmp_path):
    asked, answer = tmp_path / "asked.json", tmp_path / "answer.json"
    for tokenizer in tokenizers(tmp_path):
        manifest, rows = manifest_of(tokenizer), rows_of_ids(tokenizer.vocabulary_size)
        content = {"manifest": manifest, "texts": texts(1000), "ids": rows}
        asked.write_text(json.dumps(content), "ascii")
        done = subprocess.run([*kotlin, asked, answer], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = json.loads(answer.read_text("utf-8"))
        for text, ids in zip(content["texts"], found["ids"], strict=True):
            assert ids == encode_source_python(tokenizer, text, LIMIT), (
                text[:99],
                manifest["source"],
            )
        for ids, text in zip(rows, found["texts"], strict=True):
            assert text == tokenizer.detokenize_python(ids), (ids, manifest["source"])
