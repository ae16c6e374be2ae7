"""The conf of Dag runs as it may be shown and kept: what Airflow masks is masked in it.

Airflow 3.3 gives the conf of a run or a backfill whole to whoever may read that run, on its pages and in its
API, and masks it in what is kept for others to read, the audit log (api_fastapi/logging/decorators.py). An
export is sent on and a plan ends in the log of a CI job, so both are of the second kind.
"""

from __future__ import annotations

from typing import Any, Final

_DEEPEST: Final = 1_000
"""Airflow masks nothing below a few levels, unless it is told otherwise."""
_MASK: Final = "***"
_A_WORD: Final = 4
"""What has fewer letters stands in sentences by accident."""


def masked(conf: dict[str, Any]) -> dict[str, Any]:
    """The conf without what Airflow's masker hides: texts whose names are sensitive, and known secrets.

    Its settings are those of Airflow, `[core] sensitive_var_conn_names` and `hide_sensitive_var_conn_fields`.
    """
    from airflow._shared.secrets_masker import redact

    found = redact(conf, max_depth=_DEEPEST)
    # Airflow has words in the place of what it can not go through.
    return found if isinstance(found, dict) else dict.fromkeys(conf, _MASK)


def without_masked(sentence: str, conf: dict[str, Any]) -> str:
    """A sentence without the texts of a conf that are masked in it: what is said of a value quotes it."""
    hidden = _hidden(conf)
    for value in sorted(hidden, key=len, reverse=True):
        sentence = sentence.replace(repr(value), f"'{_MASK}'")
        if len(value) >= _A_WORD:
            sentence = sentence.replace(value, _MASK)
    return sentence


def _hidden(conf: dict[str, Any]) -> set[str]:
    """The texts of a conf that are masked."""
    found: set[str] = set()
    # Not by recursion: a conf may be as deep as Python can just about go.
    left: list[tuple[Any, Any]] = [(conf, masked(conf))]
    while left:
        whole, shown = left.pop()
        if isinstance(whole, dict):
            left.extend(
                (value, shown.get(key) if isinstance(shown, dict) else _MASK) for key, value in whole.items()
            )
        elif isinstance(whole, list):
            left.extend(
                (value, shown[at] if isinstance(shown, list) else _MASK) for at, value in enumerate(whole)
            )
        elif isinstance(whole, str) and whole and whole != shown:
            found.add(whole)
    return found
