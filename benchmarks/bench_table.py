"""What `bench.py` gives: rows, a table in Markdown, a picture."""

import platform
from pathlib import Path


def processor():
    """The name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def row(what, unit, ours, theirs=None, peer=None, found=None):
    """A line of the table; `found` has the ratio and its range."""
    found = found or {}
    return {
        "what": what,
        "unit": unit,
        "ours": ours,
        "theirs": theirs,
        "peer": peer,
        "ratio": found.get("ratio"),
        "ratio_range": found.get("ratio_range"),
    }


def table(figures):
    """The rows in Markdown."""
    lines = [
        "| what | | ours | other | ratio | of rounds | other is |",
        "|---|---|--:|--:|--:|---|---|",
    ]
    for one in figures["rows"]:
        low, high = one["ratio_range"] or ("", "")
        spread = f"{low:.2f} to {high:.2f}" if one["ratio_range"] else ""
        ratio = "" if one["ratio"] is None else f"**{one['ratio']:.2f}**"
        theirs = "" if one["theirs"] is None else f"{one['theirs']:,g}"
        lines.append(
            f"| {one['what']} | {one['unit']} | {one['ours']:,g} | {theirs} | {ratio} | {spread} "
            f"| {one['peer'] or ''} |"
        )
    lines += [
        f"| {part} | failed: {error} | | | | | |" for part, error in figures["failed"].items()
    ]
    about = f"{figures['processor']}, {figures['cores']} cores, load {figures['load']} at the start"
    return "\n".join([*lines, "", f"{about}; medians of {figures['rounds']} rounds."])


def draw(figures, path):
    """A bar for each ratio; 1 is the other side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [one for one in figures["rows"] if one["ratio"] is not None][::-1]
    if not rows:
        return
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.45 * len(rows)), layout="constrained")
    places = range(len(rows))
    ratios = [one["ratio"] for one in rows]
    ends = [
        [r - one["ratio_range"][0], one["ratio_range"][1] - r]
        for r, one in zip(ratios, rows, strict=True)
    ]
    errors = [[max(0, a) for a, _ in ends], [max(0, b) for _, b in ends]]
    axes.barh(places, ratios, xerr=errors, color="#4878a8", ecolor="#333333", capsize=3)
    axes.axvline(1, color="#333333", linewidth=1)
    axes.set_yticks(places, [f"{one['what']}\nbeside {one['peer']}" for one in rows])
    axes.set_xlabel("times as fast; lines: range of the rounds")
    axes.set_title(figures["processor"])
    figure.savefig(path)
    pyplot.close(figure)
