"""What is typed is translated and explained: texts, scores, tokens, attention."""

import math
import urllib.parse

import pytest
from chromium import answer_instead, expect, link, predict, translated

pytestmark = pytest.mark.slow
LONG = " ".join(["사과가 있어요."] * 12)  # more tokens than the model reads


def test_a_sentence_is_translated_and_explained(page, address, learnt):
    page.goto(address)
    expect(page.locator("#state")).to_have_text("version 1")
    assert page.locator("#name").text_content() == "fixture"
    for source, target in learnt[:3]:
        page.locator("#source").fill(source)
        translated(page, target)
    facts = page.locator("#facts").text_content()
    details, beam = (predict(address, name, source) for name in ("details", "beam"))
    assert f"{details['score']:.2f}".replace("-", "−") in facts
    assert "answered in" in facts and "version 1" in facts
    tokens = [token for token in details["tokens"] if token]
    assert page.locator("#tokens .piece").all_text_contents() == tokens
    percents = [f"{math.exp(x):.0%}" for x in details["token_scores"][: len(tokens)]]
    shown = page.locator("#tokens .percent").all_text_contents()
    assert all(abs(int(a[:-1]) - int(b[:-1])) <= 1 for a, b in zip(shown, percents, strict=True))
    expect(page.locator("#beam-rows tr")).to_have_count(sum(x > -1e9 for x in beam["ranking"]))
    assert page.locator("#beam-rows tr td").nth(1).text_content() == beam["text"][0]
    assert page.locator("#read").text_content().startswith(source)
    assert page.said == [] and not page.locator("#error").is_visible()
    assert {urllib.parse.urlsplit(url).netloc for url in page.asked} == {
        urllib.parse.urlsplit(address).netloc
    }


def test_the_attention_is_a_table_and_lights_the_source(page, address, learnt):
    source, target = learnt[2]
    page.goto(link(address, source))
    translated(page, target)
    details = predict(address, "details", source)
    tokens = [token for token in details["tokens"] if token]
    columns = [token for token in details["source_tokens"] if token]
    table = page.locator("#matrix table")
    assert table.locator("tbody th[scope=row]").all_text_contents() == tokens
    assert table.locator("thead th[scope=col]").count() == len(columns)
    cells = table.locator("tbody td").all_text_contents()
    rows = [cells[i : i + len(columns)] for i in range(0, len(cells), len(columns))]
    for row in rows:
        assert abs(sum(int(cell or 0) for cell in row) - 100) <= len(columns)
    for i, row in enumerate(rows):
        page.locator("#tokens button").nth(i).hover()
        most = max(range(len(columns)), key=lambda j: details["attention"][i][j])
        start, end = details["source_starts"][most], details["source_ends"][most]
        lit = {
            span.text_content(): float(span.evaluate("x => x.style.getPropertyValue('--weight')"))
            for span in page.locator("#read [data-covers]").all()
        }
        characters = source[start:end] or columns[most]  # </s> is made of none
        assert lit[characters] == max(lit.values()) > 0
        assert (
            f"{columns[most].lstrip('▁')} {row[most]}%" in page.locator("#caption").text_content()
        )
    page.locator("#source").hover()
    assert "Point at a token" in page.locator("#caption").text_content()


def test_empty_input_is_no_request(page, address, learnt):
    page.goto(link(address, learnt[0][0]))
    translated(page, learnt[0][1])
    assert page.locator("#clear").is_visible()
    asked = len(page.asked)
    for blank in ("", " \n "):
        page.locator("#source").fill(blank)
        translated(page, "")
    assert not [url for url in page.asked[asked:] if url.endswith(":predict")]
    assert not page.locator("#alignment, #beams, #attention, #request").filter(visible=True).count()
    assert page.url == address
    content = page.locator("#target").evaluate("x => getComputedStyle(x, '::before').content")
    assert content == '"The translation appears here."'


def test_a_link_shows_its_text_and_what_is_typed_is_a_link(page, address, learnt):
    page.goto(address)
    source, target = learnt[3]
    page.locator("#source").fill(source)
    translated(page, target)
    link = page.url
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(link).query) == {"text": [source]}
    page.goto(address)
    page.goto(link)
    expect(page.locator("#source")).to_have_value(source)
    translated(page, target)


def test_what_the_model_says_of_a_text_is_put_into_words(page, address):
    page.goto(link(address, LONG + " 끝"))
    notes = page.locator("#notes li")
    expect(notes.filter(has_text="Too long: the model read only the first")).to_be_visible()
    rest = page.locator("#read .rest").text_content()
    assert rest.endswith("끝") and page.locator("#read").text_content().startswith(LONG[:4])
    answer_instead(page, truncated=False, finished=False, unknown_source_tokens=1)
    page.locator("#source").fill("사과가 있어요?")
    expect(notes).to_have_count(2)
    texts = " ".join(notes.all_text_contents())
    assert "Not finished" in texts and "does not know 1 token of the source" in texts


def test_a_model_without_attention_and_one_without_details(page, address, learnt):
    source, target = learnt[4]
    answer_instead(page, attention=None)
    page.goto(link(address, source))
    translated(page, target)
    expect(page.locator("#caption")).to_contain_text("no attention")
    assert page.locator("#tokens button").count() and not page.locator("#attention").is_visible()

    def without_details(route):
        reply = route.fetch().json()
        del reply["metadata"]["signature_def"]["signature_def"]["details"]
        route.fulfill(json=reply)

    page.route("**/metadata", without_details)
    page.reload()
    translated(page, target)
    assert not page.locator("#alignment").is_visible()
    expect(page.locator("#beams")).to_be_visible()
    assert "log-probability" in page.locator("#facts").text_content()
    assert page.said == []
