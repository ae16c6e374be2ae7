"""`python -m backfill_tui`."""

from __future__ import annotations

from backfill_tui.cli import main

if __name__ == "__main__":
    main()
