"""The page of export/web as `make web` builds it, served on this machine."""

import base64
import importlib.util
import subprocess

from javascript import ROOT, node

WEB = ROOT / "export/web"


def build(out, packages, *models, examples=""):
    """Builds the page with these .tflite files, of which the first has examples."""
    command = [node(), WEB / "build.mjs", "--packages", packages, "--out", out]
    for model in models:
        command += ["--model", model]
    command += ["--examples", examples] if examples else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return out


def serving(folder):
    """The address of a server of that folder, for a `with`."""
    spec = importlib.util.spec_from_file_location("serve_page", WEB / "serve.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.serving(folder)


def open_page(page, address):
    """Opens it and waits until the model is ready."""
    page.goto(address)
    page.wait_for_selector("#state[data-state=ready]")


def translate(page, text):
    """Types a text, and waits for its translation, not for that of what stood there before."""
    page.locator("#source").fill("")
    page.wait_for_function("() => !document.querySelector('#facts').textContent")
    page.locator("#source").fill(text)
    page.wait_for_function(
        "() => document.querySelector('#target').getAttribute('aria-busy') === 'false'"
        " && document.querySelector('#facts').textContent"
    )
    return page.locator("#target").inner_text()


def drop(page, **files):
    """Drops files on the page, as a user does with a mouse: bytes by name."""
    given = [[name, base64.b64encode(content).decode()] for name, content in files.items()]
    page.evaluate(
        """files => {
          const dataTransfer = new DataTransfer();
          for (const [name, content] of files) {
            const bytes = Uint8Array.from(atob(content), (x) => x.charCodeAt(0));
            dataTransfer.items.add(new File([bytes], name));
          }
          for (const type of ["dragenter", "dragover", "drop"]) {
            const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
            document.body.dispatchEvent(event);
          }
        }""",
        given,
    )
