"""The evenness map as a drawing in SVG: how much is gone in each cell of the treated area."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tracker.progress.evenness import FadeCell

WIDTH = 420.0
PALE, DEEP = (234, 229, 222), (11, 107, 107)
"""Colours of nothing gone and of all gone."""


def evenness_svg(cells: Sequence[FadeCell]) -> str:
    """Draw the cells of one photo; empty text for none.

    Parameters
    ----------
    cells : sequence of FadeCell
        In pixels of the baseline photo.
    """
    if not cells:
        return ""
    side = cells[0].side_px
    left, top = min(c.x_px for c in cells) - side / 2, min(c.y_px for c in cells) - side / 2
    right, bottom = max(c.x_px for c in cells) + side / 2, max(c.y_px for c in cells) + side / 2
    zoom = WIDTH / max(right - left, 1e-9)
    width = side * zoom - 1.5
    shapes = []
    for cell in cells:
        x, y = (cell.x_px - left - side / 2) * zoom, (cell.y_px - top - side / 2) * zoom
        share = min(max(cell.fade, 0.0), 1.0)
        rgb = tuple(round(a + share * (b - a)) for a, b in zip(PALE, DEEP, strict=True))
        title = escape(f"{cell.fade:.0%} gone, {cell.n_dots} dots")
        ink = "#fff" if share > 0.55 else "#211e1a"
        shapes.append(
            f'<g><title>{title}</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{width:.1f}" rx="3" fill="rgb{rgb}"/>'
            + (
                f'<text x="{x + width / 2:.1f}" y="{y + width / 2 + 4:.1f}" text-anchor="middle" '
                f'style="font: 11px system-ui, sans-serif" fill="{ink}">{100 * cell.fade:.0f}</text>'
                if width >= 22
                else ""
            )
            + "</g>"
        )
    lowest, highest = min(c.fade for c in cells), max(c.fade for c in cells)
    label = escape(f"Evenness map: {lowest:.0%} to {highest:.0%} gone over {len(cells)} cells")
    height = (bottom - top) * zoom
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" '
        f'class="cells" role="img" aria-label="{label}">' + "".join(shapes) + "</svg>"
    )
