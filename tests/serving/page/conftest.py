"""The development server over the fixture model, and a browser at its page."""

import subprocess
import sys

import pytest
from chromium import PATIENCE, launch, needed


@pytest.fixture(scope="module")
def address(served):
    """Where `keras-seq2seq serve` shows its page."""
    needed()
    command = [sys.executable, "-m", "keras_seq2seq", "serve", str(served), "--name", "fixture"]
    command += ["--rest-port", "0", "--port", "0", "--max-body", "20000"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = []
    try:
        for line in server.stdout:
            told.append(line)
            if line.startswith("Page"):
                yield line.split()[1]
                break
        else:
            raise AssertionError("".join(told))
    finally:
        server.terminate()
        server.communicate(timeout=60)


@pytest.fixture
def open_server(served):
    """Makes a server in this process, of models as `find_models` finds them."""
    needed()
    from keras_seq2seq.serving.model_server import ModelServer
    from keras_seq2seq.serving.page.routes import routes

    def make(finders, rest_port=0, **options):
        return ModelServer(finders, rest_port=rest_port, port=0, pages=routes(finders), **options)

    return make


@pytest.fixture(scope="module")
def browser():
    with needed().sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def page(browser):
    """A page at 1280 px that keeps what its console said and whom it asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    page.unroute_all(behavior="ignoreErrors")  # replies that are still on their way
    context.close()
