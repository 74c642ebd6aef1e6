"""A table as a picture, drawn by matplotlib where that is installed."""

import re
from pathlib import Path


def draw(folder, scenario, tables):
    """Writes one SVG a table and answers the paths."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("svg")
    from matplotlib import pyplot

    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for number, table in enumerate(table for table in tables if table.shown):
        figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        (lines if table.across else bars)(axes, table)
        axes.set_title(table.title, fontsize=10, wrap=True)
        paths.append(Path(folder) / f"{scenario}{f'-{number + 1}' if number else ''}.svg")
        figure.savefig(paths[-1])
        pyplot.close(figure)
    return paths


def bars(axes, table):
    names = [name for name, rounds in table.rounds.items() if rounds and table.median(name, table.shown) is not None]
    heights = [table.median(name, table.shown) for name in names]
    drawn = axes.bar(names, heights, yerr=[table.spread(name, table.shown) for name in names], capsize=4)
    axes.bar_label(drawn, fmt="%.2f", padding=3)
    axes.set_ylabel(heading(table))
    axes.tick_params(axis="x", labelrotation=20)


def lines(axes, table):
    """Rows are named `kind number`: a line a kind over the numbers."""
    kinds = {}
    for name in table.rounds:
        kind, number = re.fullmatch(r"(.*) (\d+)", name).groups()
        if table.rounds[name]:
            point = int(number), table.median(name, table.shown), table.spread(name, table.shown)
            kinds.setdefault(kind, []).append(point)
    for kind, points in kinds.items():
        numbers, values, spreads = zip(*sorted(points))
        axes.errorbar(numbers, values, yerr=spreads, marker="o", capsize=3, label=kind)
    axes.set_xscale("symlog", linthresh=10)
    axes.set_yscale("log")
    axes.set_xlabel(table.across)
    axes.set_ylabel(heading(table))
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def heading(table):
    return next(column.heading for column in table.columns if column.key == table.shown)
