"""What people see. Reads the tables; never fetches, never writes."""
