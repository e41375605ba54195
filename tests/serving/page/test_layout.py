"""For every screen, keyboard and script."""

import pytest
from chromium import answer_instead, expect, link, translated

pytestmark = pytest.mark.slow
LONG = " ".join(["사과가 있어요."] * 12)  # more tokens than the model reads


def test_the_keyboard_is_enough(page, address, learnt):
    source, target = learnt[0]
    page.goto(address)
    expect(page.locator("#source")).to_be_focused()
    page.keyboard.insert_text(source)
    translated(page, target)
    page.keyboard.press("Tab")
    first = page.locator("#tokens button").first
    expect(first).to_be_focused()
    assert first.evaluate("x => getComputedStyle(x).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tokens button").nth(1)).to_be_focused()
    page.keyboard.press("Enter")  # stays lit when the focus goes on
    expect(page.locator("#tokens button").nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("End")
    expect(page.locator("#tokens button").last).to_be_focused()
    assert page.locator("#tokens [tabindex='0']").count() == 1
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#source")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#clear")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#source")).to_be_focused()
    expect(page.locator("#source")).to_have_value("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 800, 1400])
def test_it_is_laid_out(browser, address, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(link(address, LONG))
    expect(page.locator("#beams")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("#source").fill("ABCDEFGHIJKLMNOP" * 40)  # one word
    expect(page.locator("#curl")).to_contain_text("ABCD")
    expect(page.locator("#beams")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for element in ("body", "#facts", "#caption", "#notes li", "#beams th"):
        assert contrast(page, element) >= 4.5, element
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(background) < 0.2) == (scheme == "dark")
    context.close()


def luminance(colour):
    """WCAG's relative luminance of `rgb(r, g, b)`."""
    parts = [int(x) / 255 for x in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page, selector):
    """WCAG's contrast of an element's text to the first background behind it."""
    colours = page.locator(selector).first.evaluate(
        """x => {
          const colour = getComputedStyle(x).color;
          const clear = "rgba(0, 0, 0, 0)";
          const behind = (y) => getComputedStyle(y).backgroundColor;
          while (x.parentElement && behind(x) === clear) x = x.parentElement;
          return [colour, behind(x)];
        }"""
    )
    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "direction"), [("사과가 있어요.", "ltr"), ("שלום עולם", "rtl"), ("مرحبا 12", "rtl")]
)
def test_the_direction_is_that_of_the_text(page, address, text, direction):
    answer_instead(page, text=text)
    page.goto(link(address, text))
    translated(page, text)
    for element in ("#source", "#target", "#read"):
        found = page.locator(element).evaluate("x => getComputedStyle(x).direction")
        assert found == direction, element
