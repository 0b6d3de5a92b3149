"""What all our plotly figures have in common: they suit light and dark pages, and offer nothing that leaves the page.

Nothing is fetched: a figure is plain data, drawn by whatever shows it. Texts take the colour that the page gives to its
own; no grey of ours could be read as well on white and on black.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["CONFIG", "GREY", "PAGE", "PLOTLY_MIME", "adaptive", "base_layout", "bundle_of"]

PLOTLY_MIME = "application/vnd.plotly.v1+json"

#: How the figure behaves: it offers nothing that would leave the page. JupyterLab itself lets it follow the page's
#: width; with plotly's own "responsive" it would follow the height too, which collapses.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
    "toImageButtonOptions": {"format": "svg"},
}

GREY = "#767676"
#: The colour of the text of the page that shows the figure, as CSS says it.
PAGE = "var(--jp-content-font-color1, var(--vscode-foreground, currentColor))"


def adaptive(markup: str, style: str = "") -> str:
    """Plotly's markup for a text in the page's own colour."""
    return f'<span style="color:{PAGE};{style}">{markup}</span>'


def base_layout(height: float) -> dict[str, Any]:
    """What all our figures have in common: transparent, with texts and lines that suit light and dark pages."""
    line = "rgba(128,128,128,0.2)"
    axis = {"gridcolor": line, "zeroline": False, "tickcolor": line}
    return {
        "template": {"layout": {}},
        "autosize": True,
        "height": round(height),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 11, "color": GREY, "family": "system-ui, -apple-system, 'Segoe UI', Arial, sans-serif"},
        "hoverlabel": {
            "bgcolor": "#FFFFFF",
            "bordercolor": "#8C8C8C",
            "align": "left",
            "font": {"size": 12, "color": "#1F2328"},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#8C8C8C", "activecolor": "#0072B2", "orientation": "h"},
        "xaxis": dict(axis),
        "yaxis": dict(axis),
        "hovermode": "closest",
        "dragmode": "zoom",
    }


def bundle_of(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure's data for `PLOTLY_MIME`: plain JSON, with our configuration."""
    plain: dict[str, Any] = json.loads(json.dumps({**figure, "config": CONFIG}))
    return plain
