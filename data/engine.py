"""The engine beyond one machine: the same tables, read through Spark Connect (managed Spark, or Sail).

The only file that imports pyspark, which comes with the extra [cluster]. Nothing is written this way.
"""

from functools import cache
from typing import Any

import narwhals as nw

from data.schema import Failure


def rows(address: str, place: str) -> nw.LazyFrame[Any]:
    """A Delta table at `place` as a frame of the engine at `address` (sc://host:port), as of its newest commit."""
    try:
        found: nw.LazyFrame[Any] = nw.from_native(session(address).read.format("delta").load(place))
        return found
    except Failure:
        raise
    except Exception as error:  # Spark Connect and gRPC have no common base for what can go wrong
        reason = " ".join(str(error).split())[:200]
        raise Failure("storage", f"the engine at {address} cannot read {place}: {reason}") from error


@cache
def session(address: str) -> Any:
    """The one session of this process with an engine."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Failure("storage", "ENGINE_URL needs the extra [cluster]: pip install '.[cluster]'") from error
    session = SparkSession.builder.remote(address).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    return session
