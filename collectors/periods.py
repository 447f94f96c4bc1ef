"""The first days of quarters and the last days of months: how a series of periods is dated."""

from collections.abc import Iterator
from datetime import date, timedelta


def quarter(of: date) -> date:
    """The first day of the calendar quarter."""
    return date(of.year, of.month - (of.month - 1) % 3, 1)


def month_ends(first: date, last: date) -> Iterator[date]:
    """The last day of every month that ends between the two days."""
    end = _month_end(first)
    while end <= last:
        yield end
        end = _month_end(end + timedelta(days=1))


def _month_end(of: date) -> date:
    return (of.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
