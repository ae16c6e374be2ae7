"""Measurements against Airflow's own way, both sides in one run."""
