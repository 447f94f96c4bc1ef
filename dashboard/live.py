"""The one reader that all pages and routes of this process share."""

from functools import lru_cache

from dashboard.reading import Reader
from data import settings
from data.store import Store


def reader() -> Reader:
    """The reader of the store that the settings name."""
    here = settings.read()
    return _of(here.store_uri, here.engine_url)


@lru_cache(4)
def _of(store_uri: str, engine_url: str) -> Reader:
    return Reader(Store(store_uri, engine_url))
