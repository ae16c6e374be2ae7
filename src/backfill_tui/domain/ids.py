"""Names of Airflow's things, so that one can not be passed for another."""

from __future__ import annotations

from typing import NewType

DagId = NewType("DagId", str)
RunId = NewType("RunId", str)
TaskId = NewType("TaskId", str)
BackfillId = NewType("BackfillId", int)
