"""What `bench.py` gives: rows, a table in Markdown, a picture."""

import platform
from pathlib import Path

_MARKS = "osD^vPX*"


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
    """A line for each thing that was measured, a mark for each other side; 1 is that side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [one for one in figures["rows"] if one["ratio"] is not None]
    if not rows:
        return
    things = list(dict.fromkeys(one["what"] for one in rows))
    peers = list(dict.fromkeys(one["peer"] for one in rows))
    height = 1.6 + 0.36 * len(things) + 0.2 * len(peers)
    figure, axes = pyplot.subplots(figsize=(9, height), layout="constrained")
    axes.axvline(1, color="#333333", linewidth=1, zorder=1)
    for number, peer in enumerate(peers):
        own = [one for one in rows if one["peer"] == peer]
        shift = 0.5 * (number - (len(peers) - 1) / 2) / len(peers)  # marks beside one another
        places = [things.index(one["what"]) + shift for one in own]
        ratios = [one["ratio"] for one in own]
        lines = [[max(0, r - one["ratio_range"][0]) for r, one in zip(ratios, own, strict=True)]]
        lines += [[max(0, one["ratio_range"][1] - r) for r, one in zip(ratios, own, strict=True)]]
        style = {"fmt": _MARKS[number % len(_MARKS)], "markersize": 6, "label": f"beside {peer}"}
        axes.errorbar(ratios, places, xerr=lines, capsize=2, linewidth=1, zorder=2, **style)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    ticks = [tick for tick in (0.125, 0.25, 0.5, 1, 1.5, 2, 3, 4, 8, 16) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(things)), things)
    axes.invert_yaxis()
    axes.grid(color="#eeeeee")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("times as fast; lines: range of the rounds")
    axes.set_title(figures["processor"])
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)
    pyplot.close(figure)
