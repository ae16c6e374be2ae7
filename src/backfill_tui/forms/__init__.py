"""What leaves the program to be kept: its JSON, CSV and HTML, as text that is made while it is written."""
