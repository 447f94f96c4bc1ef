"""Benchmarks of the web process; not tests: they print figures, and the reader judges the ratios."""
