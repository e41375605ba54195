"""The page of export/web in a real browser."""

import json
import pathlib
import random
import struct

import pytest
from built_page import WEB, build, drop, open_page, serving, translate
from chromium import PATIENCE, expect, launch, needed
from odd_rows import damaged, damaged_pairs, resealed

from keras_seq2seq import export

pytestmark = pytest.mark.slow
STEPS = ["translate", "decode_step", "beam"]


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    """A file that has all that the page can show."""
    needed()
    return export.tflite(
        trained, tmp_path_factory.mktemp("model") / "ko_en.tflite", signatures=STEPS
    )


@pytest.fixture(scope="module")
def folder(model, learnt, tmp_path_factory, javascript_packages):
    packages = javascript_packages("esbuild", WEB).parents[1]
    out = tmp_path_factory.mktemp("page") / "web"
    return build(out, packages, model, examples="|".join(source for source, _ in learnt[:2]))


@pytest.fixture(scope="module")
def browser():
    with needed().sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def address(folder):
    with serving(folder) as address:
        yield address


@pytest.fixture
def page(browser, address):
    """A page that has never been there; it fails the test if it asks elsewhere or is refused."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    asked, complaints = [], []
    context.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    away = [url for url in asked if not url.startswith((address, f"blob:{address}"))]
    assert asked and away == []
    assert [text for text in complaints if "Content Security" in text or "Uncaught" in text] == []


def test_it_translates_as_one_types(page, address, learnt):
    open_page(page, address)
    for source, target in learnt:
        assert translate(page, source) == target
    tokens = page.locator("#tokens button")
    assert tokens.count() > 2
    expect(page.locator("#beam-rows tr").first).to_contain_text(learnt[-1][1])
    tokens.nth(1).hover()
    assert page.locator("#curves path").count() > 0
    expect(page.locator("#caption")).to_contain_text("looked at")
    page.locator("#read span").first.hover()
    assert page.locator("#curves path").count() > 0
    expect(page.locator("#heard")).to_have_text(learnt[-1][1])  # what a screen reader says
    page.locator("#clear").click()
    expect(page.locator("#target")).to_have_text("")
    expect(page.locator("#alignment")).to_be_hidden()
    page.locator("#examples button").first.click()
    expect(page.locator("#target")).to_have_text(learnt[0][1])


def test_the_newest_text_wins(page, address, learnt):
    open_page(page, address)
    page.evaluate(
        """() => {
          window.seen = [];
          const target = document.querySelector("#target");
          const look = () => window.seen.push(target.textContent);
          new MutationObserver(look).observe(target, { childList: true, characterData: true });
        }"""
    )
    source = page.locator("#source")
    for text, _ in learnt * 3:
        source.fill(text)
        source.press("Control+Enter")
    expect(page.locator("#target")).to_have_text(learnt[-1][1])
    expect(page.locator("#beam-rows tr").first).to_contain_text(learnt[-1][1])
    page.wait_for_timeout(500)
    expect(page.locator("#target")).to_have_text(learnt[-1][1])
    shown = page.evaluate("window.seen")
    words = [text for text in shown if text]
    assert any(text != learnt[-1][1] for text in words)  # it came in parts


def test_without_a_network_after_the_first_visit(browser, folder, learnt):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    with serving(folder) as address:
        open_page(page, address)
        assert translate(page, learnt[0][0]) == learnt[0][1]
    page.reload()  # the server is gone
    page.wait_for_selector("#state[data-state=ready]")
    assert translate(page, learnt[1][0]) == learnt[1][1]
    page.goto(f"{address}?text=x")
    page.wait_for_selector("#state[data-state=ready]")
    expect(page.locator("#source")).to_have_value("x")
    context.close()


def parts(file):
    return file.read_bytes(), pathlib.Path(f"{file}.json").read_bytes()


def test_own_files_are_dropped_or_chosen(page, address, model, learnt):
    open_page(page, address)
    content, manifest = parts(model)
    drop(page, **{"mine.tflite": content, "mine.tflite.json": manifest})
    page.wait_for_function("() => document.title.startsWith('mine')")
    assert translate(page, learnt[0][0]) == learnt[0][1]
    expect(page.locator("#model option:checked")).to_have_text("mine (your file)")
    page.locator("#model").select_option(index=0)
    page.wait_for_function("() => document.title.startsWith('ko en')")
    page.locator("#files").set_input_files([str(model), f"{model}.json"])
    page.wait_for_function("() => document.title.startsWith('ko_en')")
    assert translate(page, learnt[1][0]) == learnt[1][1]
    page.locator("#about summary").click()
    page.locator("#verify").click()
    expect(page.locator("#verified")).to_contain_text("came out as where the file was made")
    assert page.locator("#verified").inner_text().startswith("All")


def test_files_that_are_no_good_are_refused(page, address, model, learnt):
    open_page(page, address)
    content, manifest = parts(model)
    damaged = bytearray(content)
    damaged[len(damaged) // 2] ^= 1
    older = json.dumps({**json.loads(manifest), "format": 2}).encode()
    for files, complaint in (
        ({"a.tflite": bytes(damaged), "a.json": manifest}, "SHA-256"),
        ({"a.tflite": content, "a.json": b"{"}, "not JSON"),
        ({"a.tflite": content, "a.json": older}, "format 2, but 3 is expected"),
        ({"a.tflite": content}, "its .json are needed"),
    ):
        drop(page, **files)
        expect(page.locator("#error")).to_contain_text(complaint)
    page.locator("#model").select_option(index=0)
    page.wait_for_selector("#state[data-state=ready]")
    expect(page.locator("#error")).to_be_hidden()
    assert translate(page, learnt[0][0]) == learnt[0][1]


def test_two_hundred_damaged_pairs_are_refused(page, address, model, trained, tmp_path, learnt):
    """Each with a sentence of its own, and none leaves the page worse off."""
    other = export.tflite(trained, tmp_path / "other.tflite", signatures=["translate"])
    good = parts(model)
    spoilt = damaged_pairs(*good, parts(other), 200)
    open_page(page, address)
    for number, (what, content, manifest) in enumerate(spoilt):
        drop(page, **{f"{number}.tflite": content, f"{number}.json": manifest})
        expect(page.locator("#error")).to_contain_text(f"{number}:")
        message = page.locator("#error").inner_text()
        assert len(message) > 40 and "undefined" not in message, f"{what}: {message}"
    drop(page, **{"good.tflite": good[0], "good.json": good[1]})
    page.wait_for_function("() => document.title.startsWith('good')")
    expect(page.locator("#error")).to_be_hidden()
    for source, target in learnt:
        assert translate(page, source) == target


def test_a_damaged_file_whose_hash_fits_does_not_end_the_page(page, address, model, learnt):
    """LiteRT.js may compile it, and may break for good on it: the next file is opened anew."""
    content, manifest = parts(model)
    dice = random.Random(5)
    open_page(page, address)
    for number in range(40):
        changed = damaged(content, number, dice)
        drop(page, **{f"{number}.tflite": changed, f"{number}.json": resealed(changed, manifest)})
        page.wait_for_function(
            "n => document.title.startsWith(`${n} `)"
            " || document.querySelector('#error').textContent.startsWith(`${n}:`)",
            arg=number,
        )
    drop(page, **{"good.tflite": content, "good.json": manifest})
    page.wait_for_function("() => document.title.startsWith('good')")
    for source, target in learnt:
        assert translate(page, source) == target


def test_a_file_that_translates_and_no_more(page, address, trained, tmp_path, learnt):
    file = export.tflite(trained, tmp_path / "small.tflite", signatures=["translate"])
    open_page(page, address)
    page.locator("#files").set_input_files([str(file), f"{file}.json"])
    page.wait_for_function("() => document.title.startsWith('small')")
    assert translate(page, learnt[0][0]) == learnt[0][1]
    expect(page.locator("#alignment")).to_be_hidden()
    expect(page.locator("#beams")).to_be_hidden()


def test_a_search_of_the_files_own(page, address, trained, tmp_path, learnt):
    options = {
        "beam_size": 3,
        "banned_ids": [[trained.target_tokenizer.tokenize_python("Hello")[0]]],
    }
    file = export.tflite(trained, tmp_path / "beam.tflite", **options)
    open_page(page, address)
    page.locator("#files").set_input_files([str(file), f"{file}.json"])
    page.wait_for_function("() => document.title.startsWith('beam')")
    text, target = learnt[0]
    [expected] = trained.generate([text], **options)
    assert translate(page, text) == expected != target
    expect(page.locator("#notes li")).to_contain_text("chose another text")


def test_the_policy_holds(browser, address):
    page = browser.new_page()
    open_page(page, address)
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy.startswith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';")
    assert "unsafe-inline" not in policy and "'unsafe-eval'" not in policy
    refused = page.evaluate(
        """async () => {
          const refused = [];
          addEventListener("securitypolicyviolation", (event) => {
            refused.push(event.effectiveDirective);
          });
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.head.append(script);
          await fetch("http://127.0.0.2:9/").catch(() => {});
          await new Promise((done) => setTimeout(done, 200));
          return [window.ran, ...new Set(refused.sort())];
        }"""
    )
    assert refused == [None, "connect-src", "script-src-elem"]
    assert page.evaluate("document.cookie") == ""
    page.close()


def test_the_keyboard_is_enough(page, address, learnt):
    open_page(page, address)
    expect(page.locator("#source")).to_be_focused()
    page.keyboard.insert_text(learnt[0][0])
    expect(page.locator("#target")).to_have_text(learnt[0][1])
    expect(page.locator("#beams")).to_be_visible()
    reached = []
    while here := page.evaluate("document.activeElement.id || document.activeElement.className"):
        reached.append(here)
        if here.startswith("piece") or len(reached) > 12:
            break
        page.keyboard.press("Tab")
    assert reached == ["source", "chip", "chip", "copy", "piece"]
    first = page.locator("#tokens button").first
    assert first.evaluate("x => getComputedStyle(x).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tokens button").nth(1)).to_be_focused()
    page.keyboard.press("Enter")  # stays lit when the focus goes on
    expect(page.locator("#tokens button").nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("End")
    expect(page.locator("#tokens button").last).to_be_focused()
    assert page.locator("#tokens [tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # opens what is known of the model
    expect(page.locator("#about-rows")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 800, 1400])
def test_it_is_laid_out(browser, address, learnt, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, address)
    page.locator("#about summary").click()
    many = " ".join(source for source, _ in learnt * 9)
    for text in (learnt[0][0], "ABCDEFGHIJKLMNOP" * 40, many):
        translate(page, text)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    for element in ("body", "#facts", "#caption", "#state", "#notes li", "#target", ".chip", "dt"):
        assert contrast(page, element) >= 4.5, element
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(background) < 0.2) == (scheme == "dark")
    context.close()


def luminance(colour):
    """WCAG's relative luminance of `rgb(r, g, b)`."""
    channels = [int(x) / 255 for x in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page, selector):
    """WCAG's contrast of an element's text to the first background behind it."""
    colours = page.locator(selector).first.evaluate(
        """x => {
          const colour = getComputedStyle(x).color;
          const behind = (y) => getComputedStyle(y).backgroundColor;
          while (x.parentElement && behind(x) === "rgba(0, 0, 0, 0)") x = x.parentElement;
          return [colour, behind(x)];
        }"""
    )
    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)


def test_everything_has_a_name(page, address, learnt):
    open_page(page, address)
    translate(page, learnt[0][0])
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, textarea, input, section")]
          .filter((x) => !x.closest("[hidden], [aria-hidden=true]"))
          .filter((x) => !(x.ariaLabel || x.getAttribute("aria-labelledby") || x.labels?.length
            || x.textContent.trim()))
          .map((x) => x.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("html").get_attribute("lang") == "en"


def test_it_can_be_installed(page, address, folder):
    open_page(page, address)
    assert page.evaluate("navigator.serviceWorker.ready.then((x) => Boolean(x.active))")
    site = json.loads((folder / "site.webmanifest").read_text("utf-8"))
    assert site["display"] == "standalone" and site["start_url"] == "./"
    for one in site["icons"][1:]:
        content = (folder / one["src"]).read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert content.startswith(b"\x89PNG") and one["sizes"] == f"{width}x{height}"
        size = page.evaluate(
            "async (url) => (await createImageBitmap(await (await fetch(url)).blob())).width",
            one["src"],
        )
        assert size == width
