"""One file a page: a page arranges, it does no arithmetic."""
