"""The lists that this package ships: labs, topics, and the rest."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

# libyaml's, where PyYAML was built with it, takes a tenth of the time; every start of a process waits for it
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def own_data(name: str) -> Any:
    """A YAML file of this package. Its readers say what they expect of it, and never change what they are given."""
    return yaml.load((files("data") / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
