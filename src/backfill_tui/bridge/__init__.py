"""The process that imports Airflow and speaks for it."""
