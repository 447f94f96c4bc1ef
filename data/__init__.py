"""The contract and the tables: what a row is, where rows live, how they are asked for."""
