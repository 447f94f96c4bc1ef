"""The one reader that all pages and routes of this process share."""

from functools import cache

from dashboard.reading import Reader
from data import settings
from data.store import Store


@cache
def reader() -> Reader:
    """The reader of the store that the settings name."""
    here = settings.read()
    return Reader(Store(here.store_uri, here.engine_url))
