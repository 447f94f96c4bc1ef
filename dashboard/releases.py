"""Dated releases of the labs' models and products, from the list that the package carries."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True)
class Release:
    """What a lab released on a day."""

    lab: str
    name: str
    on: date


@cache
def releases() -> tuple[Release, ...]:
    """All with a known date, oldest first; the list is curated and does not claim to be complete."""
    known = yaml.safe_load(files("data").joinpath("labs.yaml").read_text(encoding="utf-8"))
    found = [
        Release(lab, product["name"], date.fromisoformat(str(product["date"])))
        for part in ("labs", "metrics_only_labs")
        for lab, about in known[part].items()
        for product in about.get("products") or []
        if product.get("date")
    ]
    return tuple(sorted(found, key=lambda release: (release.on, release.lab, release.name)))
