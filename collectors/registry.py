"""Every file in `sources/` is a collector; its file name is its name. Nothing to register."""

import importlib
import pkgutil
from functools import cache

import collectors.sources
from collectors.source import Collector
from data.schema import Failure


@cache
def all_collectors() -> dict[str, Collector]:
    """Collectors by name, in order of name. Two sources that claim one indicator are an error."""
    found = {name: _load(name) for _, name, _ in pkgutil.iter_modules(collectors.sources.__path__)}
    owners: dict[str, str] = {}
    for collector in found.values():
        for indicator in collector.source.indicators:
            other = owners.setdefault(indicator.key, collector.name)
            if other != collector.name:
                raise ValueError(f"{collector.name} and {other} both claim the indicator {indicator.key}")
    return found


def one(name: str) -> Collector:
    """The collector of that name, or Failure with the names there are."""
    if name not in all_collectors():
        raise Failure("refused", f"there is no source named {name!r}; there are {', '.join(all_collectors())}")
    return all_collectors()[name]


def _load(name: str) -> Collector:
    module = importlib.import_module(f"collectors.sources.{name}")
    return Collector(name=name, source=module.SOURCE, collect=module.collect, about=(module.__doc__ or "").strip())
