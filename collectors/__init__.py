"""Everything that touches the outside world: fetch, parse, check, store."""
