"""Headless Chromium for tests of the page, and what a user does and sees there."""

import json
import shutil
import urllib.parse
import urllib.request

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (  # no sandbox within a sandbox, and nothing that calls home
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE = 120_000  # ms; on a busy machine a version is loaded in half a minute


def needed():
    """Playwright, or a skip that says what to install."""
    api = pytest.importorskip("playwright.sync_api", reason="needs pip install playwright")
    if not any(map(shutil.which, NAMES)):
        pytest.skip("needs Chromium: apt-get install chromium")
    api.expect.set_options(timeout=PATIENCE)
    return api


def launch(playwright):
    path = next(filter(None, map(shutil.which, NAMES)))
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def expect(locator):
    """Playwright's assertions, which wait until they hold."""
    return needed().expect(locator)


def link(address, text, **options):
    return f"{address}?{urllib.parse.urlencode({'text': text, **options})}"


def translated(page, text):
    """Waits until the translation is `text` and nothing more is on its way."""
    expect(page.locator("#target")).to_have_text(text)
    expect(page.locator("#target")).to_have_attribute("aria-busy", "false")


def answer_instead(page, **changes):
    """Changes the server's replies to `details`; `None` takes an output away."""

    def handle(route):
        if json.loads(route.request.post_data)["signature_name"] != "details":
            return route.continue_()
        reply = route.fetch().json()
        [one] = reply["predictions"]
        kept = {name: value for name, value in {**one, **changes}.items() if value is not None}
        route.fulfill(json={"predictions": [kept]})

    page.route("**/*:predict", handle)


def predict(address, signature, text):
    """What the server says of one text."""
    body = json.dumps({"signature_name": signature, "instances": [text]}).encode()
    with urllib.request.urlopen(f"{address}v1/models/fixture:predict", body) as reply:
        return json.load(reply)["predictions"][0]
