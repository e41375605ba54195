"""The page as files: what is sent, under which policy, and that its parts know each other."""

import asyncio
import html.parser
import importlib.util
import json
import pathlib
import re

import pytest

from keras_seq2seq.serving.page.routes import routes

PAGE = pathlib.Path(importlib.util.find_spec("keras_seq2seq.serving.page").origin).parent
SCRIPTS = {path.name: path.read_text("utf-8") for path in PAGE.glob("*.js")}
HTML = (PAGE / "index.html").read_text("utf-8")


class Elements(html.parser.HTMLParser):
    """Start tags and their attributes, and the text within scripts and styles."""

    def __init__(self):
        super().__init__()
        self.found, self.inline = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.cdata_elem and data.strip():
            self.inline.append(data)


@pytest.fixture(scope="module")
def elements():
    parser = Elements()
    parser.feed(HTML)
    return parser


def answers(*models):
    return {route.path: asyncio.run(route.endpoint(None)) for route in routes(models)}


def test_every_file_is_sent_with_its_type_and_its_policy():
    sent = answers("ko_en")
    types = {"/": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg"}
    files = {path for path in sent if not path.endswith(".json")}
    assert len(files) == len([path for path in PAGE.iterdir() if path.suffix in (".html", *types)])
    for path, answer in sent.items():
        policy = dict(
            part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
        )
        assert policy.pop("require-trusted-types-for") == "'script'"
        assert policy["default-src"] == "'none'" and set(policy.values()) <= {"'none'", "'self'"}
        assert answer.headers["x-content-type-options"] == "nosniff"
        if path in files:
            kind = types["/" if path == "/" else pathlib.PurePath(path).suffix]
            assert answer.headers["content-type"].startswith(kind)


def test_the_names_of_the_models_are_listed():
    sent = answers("ko_en", "한국어")
    assert json.loads(sent["/page/models.json"].body) == {"models": ["ko_en", "한국어"]}


def test_nothing_is_inline_or_from_elsewhere(elements):
    assert elements.inline == []
    for tag, attributes in elements.found:
        assert tag != "style" and (tag != "script" or attributes["type"] == "module")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action"):
            assert f"/{attributes.get(name, 'page/')}" in {*answers(), "/page/"}
    css = (PAGE / "page.css").read_text("utf-8")
    assert "@import" not in css and "url(" not in css
    for script in SCRIPTS.values():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|https?:", script)


def test_the_parts_know_each_other(elements):
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in elements.found:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids), (tag, attributes)
    wanted = {name for text in SCRIPTS.values() for name in re.findall(r'\bat\("([\w-]+)"\)', text)}
    assert wanted and wanted <= set(ids)
    for text in SCRIPTS.values():
        assert set(re.findall(r'from "\./([\w.]+)"', text)) <= set(SCRIPTS)


def test_what_is_typed_in_has_a_label(elements):
    labelled = {attributes.get("for") for tag, attributes in elements.found if tag == "label"}
    for tag, attributes in elements.found:
        if tag in ("textarea", "select", "input"):
            assert attributes["id"] in labelled
