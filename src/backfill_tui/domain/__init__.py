"""Values and pure functions: what a backfill is, without Airflow, a screen, a clock or I/O."""
