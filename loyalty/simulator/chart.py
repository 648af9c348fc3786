"""The picture of a simulation: one page that needs nothing from anywhere."""

import re
from html import escape
from typing import Any

import pygal
from pygal.style import CleanStyle

from loyalty.simulator.course import Outcome
from loyalty.simulator.summary import AMOUNTS

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem}}
h1{{font-size:1.5rem}}
table{{border-collapse:collapse;font-size:14px}}
td,th{{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #ddd}}
td:first-child,th:first-child{{text-align:left;white-space:nowrap}}
.wide{{overflow-x:auto}}svg{{display:block;width:100%;min-width:720px;height:auto}}</style></head>
<body><h1>{title}</h1><p>{told}</p>{charts}<div class="wide">{table}</div></body></html>
"""
_SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
_STYLE = CleanStyle(
    colors=("#1f5fbf", "#1e9e6a", "#e08a00", "#c0392b", "#7b4fb5"),
    stroke_width=2.5,
    opacity="0.8",
    background="#ffffff",
    plot_background="#ffffff",
    guide_stroke_dasharray="1,3",
    major_guide_stroke_dasharray="1,3",
    font_family="system-ui, sans-serif",
)
_FLOWS = ("issued", "matured", "spent", "burned", "returned")


def page(outcome: Outcome) -> str:
    """Return the page: points by month, the liability, the tiers, and the table behind them."""
    order = outcome.order
    faults = "with faults" if order.faults else "without faults"
    title = f"{order.members:,} members, {order.days:,} days, seed {order.seed}, {faults}"
    told = ", ".join(f"{name} {count:,}" for name, count in outcome.counts.items() if count)
    told += f"; {outcome.laws} laws checked, {len(outcome.broken)} broken"
    charts = (
        _chart(pygal.Line, "Points by month", outcome, {name: _amounts(outcome, name) for name in _FLOWS})
        + _chart(
            pygal.Line, "Liability at the end of the month", outcome, {"liability": _amounts(outcome, "liability")}
        )
        + _chart(pygal.StackedBar, "Tiers at the end of the month", outcome, _tiers(outcome))
    )
    return _PAGE.format(title=escape(title), told=escape(told), charts=charts, table=_table(outcome))


def _chart(kind: Any, title: str, outcome: Outcome, series: dict[str, list[float]]) -> str:
    # Without scripts: pygal's would be fetched from elsewhere, and what it writes itself only serves them.
    chart = kind(title=title, js=[], style=_STYLE, height=380, width=1100, x_label_rotation=40, show_dots=False)
    chart.include_x_axis = True
    chart.x_labels = [f"{month.first_day:%Y-%m}" for month in outcome.months]
    chart.value_formatter = lambda value: f"{value:,.0f}"
    for name, values in series.items():
        chart.add(name, values)
    drawn: str = chart.render(is_unicode=True, disable_xml_declaration=True)
    # Wider than a phone: it is pushed sideways there, and stays legible.
    return f'<div class="wide">{_SCRIPT.sub("", drawn)}</div>'


def _amounts(outcome: Outcome, name: str) -> list[float]:
    return [float(getattr(month, name)) for month in outcome.months]


def _tiers(outcome: Outcome) -> dict[str, list[float]]:
    names = list(dict.fromkeys(name for month in outcome.months for name in month.tiers))
    return {name: [float(month.tiers.get(name, 0)) for month in outcome.months] for name in names}


def _table(outcome: Outcome) -> str:
    tiers = list(_tiers(outcome))
    head = "".join(f"<th>{escape(name)}</th>" for name in ("month", *AMOUNTS, *tiers))
    rows = "".join(
        f"<tr><td>{month.first_day:%Y-%m}</td>"
        + "".join(f"<td>{getattr(month, name):,.2f}</td>" for name in AMOUNTS)
        + "".join(f"<td>{month.tiers.get(name, 0):,}</td>" for name in tiers)
        + "</tr>"
        for month in outcome.months
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
