"""What goes between page and server: late answers, errors, servers that come and go."""

import json
import shlex
import urllib.request

import pytest
from chromium import answer_instead, expect, link, predict, translated

from keras_seq2seq.serving.versions.model_directories import find_models

pytestmark = pytest.mark.slow


def test_an_answer_that_comes_too_late_is_dropped(page, address, learnt):
    (slow, never), (quick, target) = learnt[0], learnt[1]
    held = []

    def hold(route):
        if slow in json.loads(route.request.post_data)["instances"]:
            return held.append(route)
        route.continue_()

    page.route("**/*:predict", hold)
    dropped = []
    page.on("requestfailed", lambda request: dropped.append(json.loads(request.post_data)))
    page.goto(address)
    expect(page.locator("#state")).to_have_text("version 1")
    with page.expect_request("**/*:predict"):
        page.locator("#source").fill(slow)
    expect(page.locator("#target")).to_have_attribute("aria-busy", "true")
    page.locator("#source").fill(quick)
    translated(page, target)
    assert [body["instances"] for body in dropped] == [[slow]]
    try:
        held[0].fulfill(json={"predictions": [{"text": never}]})
    except Exception as error:  # the browser may have forgotten it
        assert "fulfill" in str(error) or "Route" in str(error)
    page.wait_for_timeout(200)
    translated(page, target)
    assert page.said == []


def test_what_is_typed_quickly_is_asked_once(page, address, learnt):
    source, target = learnt[2]
    page.goto(address)
    expect(page.locator("#state")).to_have_text("version 1")
    page.locator("#source").press_sequentially(source, delay=20)
    translated(page, target)
    expect(page.locator("#beams")).to_be_visible()
    assert len([url for url in page.asked if url.endswith(":predict")]) == 2  # details and beam


def replying(status, body):
    return lambda route: route.fulfill(status=status, body=body)


def test_errors_are_said_in_words(page, address, learnt):
    page.goto(address)
    error = page.locator("#error")
    page.locator("#source").fill("가" * 10_000)  # more bytes than the server takes
    expect(error).to_contain_text("The server refused the request (413): The body has more than")
    page.locator("#source").fill(learnt[0][0])
    translated(page, learnt[0][1])
    assert not error.is_visible()
    for status, body, words in (
        (503, '{"error": "it is loading"}', "The server is not ready (503): it is loading"),
        (504, '{"error": "after 30 s"}', "The server took too long (504): after 30 s"),
        (429, '{"error": "later"}', "The server is busy (429): later"),
        (400, '{"error": "no such signature"}', "refused the request (400): no such signature"),
        (502, "<h1>Bad gateway</h1>", "(502): not JSON: <h1>Bad gateway</h1>"),
        (200, '{"predictions": [{"text": "x", "score": NaN}]}', "(200): not JSON"),
        (200, '{"outputs": []}', "The server's reply was not understood"),
    ):
        page.route("**/*:predict", replying(status, body))
        page.locator("#source").fill(f"{learnt[1][0]} {status} {len(body)}")
        expect(error).to_contain_text(words)
        translated(page, "")
        page.unroute("**/*:predict")


def test_a_reply_is_text_and_never_html(page, address, learnt):
    evil = "<img src=x onerror=\"document.title='mine'\"><b>bold</b>"
    answer_instead(page, text=evil, tokens=[evil], source_tokens=[evil, "</s>"])
    page.goto(link(address, learnt[0][0]))
    translated(page, evil)
    assert page.locator("main img, main b").count() == 0 and page.title() != "mine"


def test_a_server_that_goes_away_and_returns(page, open_server, served, learnt):
    finders = find_models(served, "fixture")
    with open_server(finders, poll=0) as server:
        port = server.rest_port
        page.goto(server.rest_address)
        page.locator("#source").fill(learnt[0][0])
        translated(page, learnt[0][1])
    page.locator("#source").fill(learnt[1][0])
    expect(page.locator("#state")).to_have_text("not reachable")
    expect(page.locator("#error")).to_contain_text("The server does not answer.")
    with open_server(finders, port, poll=0):
        translated(page, learnt[1][1])  # without a further key
        expect(page.locator("#state")).to_have_text("version 1")
        assert not page.locator("#error").is_visible()


def test_a_new_version_is_noticed_and_asked(page, open_server, served, learnt, tmp_path):
    (tmp_path / "1").symlink_to(served / "1")
    finders = find_models(tmp_path, "fixture")
    with open_server(finders, poll=0.2) as server:
        page.goto(link(f"{server.rest_address}/", learnt[0][0]))
        expect(page.locator("#facts")).to_contain_text("version 1")
        (tmp_path / "2").symlink_to(served / "1")
        expect(page.locator("#state")).to_have_text("version 2")
        expect(page.locator("#facts")).to_contain_text("version 2")
        translated(page, learnt[0][1])


def test_several_models_have_a_menu(page, open_server, served, learnt):
    finders = find_models(served, "one") | find_models(served, "two")
    with open_server(finders, poll=0) as server:
        page.goto(link(f"{server.rest_address}/", learnt[0][0], model="two"))
        translated(page, learnt[0][1])
        assert page.locator("#model").input_value() == "two"
        assert "/v1/models/two:predict" in page.locator("#curl").text_content()
        page.locator("#model").select_option("one")
        expect(page.locator("#curl")).to_contain_text("/v1/models/one:predict")
        translated(page, learnt[0][1])


def test_the_command_that_is_copied_asks_the_same(page, address, learnt):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = learnt[0][0] + ' "it\'s" $HOME `x` \\ 😀'
    page.goto(link(address, text))
    expect(page.locator("#beams")).to_be_visible()
    shown = page.locator("#target").text_content()
    for signature in ("serving_default", "beam", "details"):
        page.locator("#signature").select_option(signature)
        page.locator("#copy").click()
        expect(page.locator("#copied")).to_have_text("Copied.")
        command = page.evaluate("navigator.clipboard.readText()")
        words = shlex.split(command.replace("\\\n", ""))
        assert words[:3] == ["curl", "-X", "POST"] and words[4] == "-d"
        with urllib.request.urlopen(words[3], words[5].encode()) as reply:
            found = json.load(reply)["predictions"][0]
        assert json.loads(words[5])["instances"] == [text]
        assert found == predict(address, signature, text)
        if signature != "beam":
            assert found["text"] == shown
