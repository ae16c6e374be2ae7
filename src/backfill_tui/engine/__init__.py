"""The embedded Airflow: a private home and the processes on it."""
