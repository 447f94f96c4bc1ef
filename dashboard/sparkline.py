"""A small line for cards and tables: numbers in, SVG out. Drawn by us, since a chart library for each card is slow."""

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 240, 46, 3


def svg(heights: Sequence[float | None], colour: str) -> str:
    """An SVG line through evenly spaced heights, a gap where one is None, and a dot at the last."""
    known = [h for h in heights if h is not None]
    if len(known) < 2:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = (WIDTH - 2 * MARGIN) / (len(heights) - 1)
    points = [
        None if h is None else (MARGIN + i * step, HEIGHT - MARGIN - (h - low) / span * (HEIGHT - 2 * MARGIN))
        for i, h in enumerate(heights)
    ]
    path, pen_is_down = [], False
    for point in points:
        if point is not None:
            path.append(f"{'L' if pen_is_down else 'M'}{point[0]:.1f} {point[1]:.1f}")
        pen_is_down = point is not None
    x, y = next(p for p in reversed(points) if p is not None)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<path d="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/></svg>'
    )
