"""The JSON of what failed."""

from __future__ import annotations

from backfill_tui.domain.failures import Failure, FailureGroup
from backfill_tui.domain.instants import Instant
from backfill_tui.forms.encode import JsonObject, when


def group(failures: FailureGroup) -> JsonObject:
    """A group of failures with what they have in common: an entry of `failures`, and of an export."""
    first, last = failures.failures[0], failures.failures[-1]
    return {
        "task_id": failures.task_id or None,
        "kind": str(failures.kind),
        "error": failures.error,
        "words": failures.words,
        "dates": len(failures.ordinals),
        "first": _when(first),
        "last": _when(last),
        "failures": [
            {
                "run_id": one.run_id,
                "logical_date": when(one.logical_date),
                "partition_key": one.partition_key,
                "map_index": one.map_index,
                "try_number": one.try_number,
                "error": one.error,
            }
            for one in failures.failures
        ],
    }


def _when(failure: Failure) -> str | None:
    date: Instant | None = failure.logical_date
    return when(date) if date is not None else failure.partition_key
