"""`python -m backfill_tui`."""
