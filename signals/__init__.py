"""Pure statistics: series in, small frozen results out. No network, no clock, no pages."""
