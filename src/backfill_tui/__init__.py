"""Plan, launch, watch and repair Apache Airflow 3 backfills from the terminal."""

__version__ = "0.1.0"
