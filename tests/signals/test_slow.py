"""A slow sample of the simulated tables: the cells most likely to break when section 2 changes."""

import pytest

from signals.simulate import broken, plan, run

WANTED = {"dates in triples, n 10", "AR .6, n 15", "last two inflated, n 30", "gap, N 30", "symmetric, N 60", "n 30"}
CELLS = [cell for cell in plan() if cell.name in WANTED and cell.table in ("size", "frontier", "revision")]


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.table}: {cell.name}")
def test_the_bounds_of_the_specification_hold(cell):
    assert broken(cell, run(cell)) == []
