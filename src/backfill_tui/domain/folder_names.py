"""Names of files that are about a folder, such as the journal of an Airflow home."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path


def named_after(real: Path) -> str:
    """A name that tells a folder to a person, and is no other folder's; of a path without symbolic links."""
    slug = re.sub(r"[^a-z0-9]+", "-", "/".join(real.parts[-2:]).lower()).strip("-")[:40].rstrip("-")
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:8]
    return "-".join(filter(None, (slug, digest)))


def journal_name(real_home: Path) -> str:
    """The file name of the journal of an Airflow home that is not ours."""
    return f"journal-{named_after(real_home)}.jsonl"
