"""The screen in a browser: a web server in front of sessions, each a process of its own.

textual-serve brings the terminal that is drawn in the browser, and what it and the screen tell each other.
Who may come in, how a session ends, and a page that needs no other server, are ours.
"""
