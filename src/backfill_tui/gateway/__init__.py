"""How the screen and the commands reach Airflow."""
