"""The typed messages between the screen's process and the bridge, and their frames."""
