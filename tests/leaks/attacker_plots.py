"""The attacker's figures as pictures. The same record gives the same bytes."""

from pathlib import Path
from typing import Any, Final

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .attacker_guesses import GUESSES
from .attacker_report import SIGNS, Record, priced

SETTINGS: Final[Any] = {"svg.hashsalt": "stena", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 8}


def draw(record: Record, folder: Path) -> None:
    """``attacker-aucs.svg`` and ``attacker-proxies.svg`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with pyplot.rc_context(SETTINGS):
        _save(_aucs(record), folder / "attacker-aucs.svg")
        _save(_prices(record), folder / "attacker-proxies.svg")


def _aucs(record: Record) -> Figure:
    """Purposes by guesses, the darker the better the guess."""
    purposes = list(dict.fromkeys(each["purpose"] for each in record["results"]))
    figure, axes = pyplot.subplots(figsize=(8.5, 0.6 + 0.32 * len(purposes)))
    axes.set_xlim(0, len(GUESSES))
    axes.set_ylim(len(purposes), 0)
    columns = {guess.name: at for at, guess in enumerate(GUESSES)}
    for each in record["results"]:
        x, y = columns[each["guess"]], purposes.index(each["purpose"])
        value = each["auc"]["value"] if each["auc"] else 0.5
        shade = pyplot.get_cmap("YlOrRd")(max(0.0, value - 0.5) * 1.6) if each["verdict"] != "chance" else "#e8f3e8"
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=shade if each["auc"] else "#f4f4f4", edgecolor="white"))
        text = f"{value:.2f} {SIGNS[each['verdict']]}" if each["auc"] else SIGNS[each["verdict"]]
        axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", color="#222222")
    axes.set_xticks([at + 0.5 for at in columns.values()], list(columns))
    axes.set_yticks([at + 0.5 for at in range(len(purposes))], purposes)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _prices(record: Record) -> Figure:
    """For every accepted proxy how well the guess succeeds with it and without it."""
    rows = [row for row in priced(record) if abs(row[0]["auc"]["value"] - row[2]["value"]) >= 0.01]
    rows.sort(key=lambda row: row[2]["value"] - row[0]["auc"]["value"])
    figure, axes = pyplot.subplots(figsize=(8.5, 0.8 + 0.2 * len(rows)))
    for at, (each, _, without) in enumerate(rows):
        axes.plot([without["value"], each["auc"]["value"]], [at, at], color="#999999", zorder=1)
        axes.plot([without["low"], without["high"]], [at, at], color="#bbccee", linewidth=4, zorder=0)
        axes.scatter([without["value"]], [at], color="#4477aa", s=16, zorder=2)
        axes.scatter([each["auc"]["value"]], [at], color="#cc6644", s=16, zorder=2)
    axes.set_yticks(range(len(rows)), [f"{each['purpose']}: {each['guess']} by {proxy}" for each, proxy, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(0.5, color="#cccccc", linewidth=1)
    axes.set_xlabel("AUC without the proxy (blue, with its 99 % interval) and with it (orange)")
    return figure


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
