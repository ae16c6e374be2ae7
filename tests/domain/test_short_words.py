from __future__ import annotations

import shlex

import pytest

from backfill_tui.domain.short_words import is_plain

BRIDGE = "python -m backfill_tui.bridge"


@pytest.mark.parametrize(
    "command",
    [
        f"ssh prod /opt/airflow/bin/{BRIDGE}",
        f"ssh me@prod.example {BRIDGE}",
        "ssh prod python3.12 -m backfill_tui.bridge --mode attached --far --read-only",
        f"docker exec -i airflow-scheduler-1 {BRIDGE}",
        f"kubectl exec -i deploy/airflow-scheduler -- {BRIDGE}",
        f"/opt/airflow/bin/{BRIDGE}",
    ],
)
def test_a_command_of_known_words_alone_is_shown(command: str) -> None:
    assert is_plain(shlex.split(command))


@pytest.mark.parametrize(
    "command",
    [
        f"ssh prod env PASSWORD=hunter2 {BRIDGE}",
        f"PASSWORD=hunter2 ssh prod {BRIDGE}",
        f"sshpass -p hunter2 ssh prod {BRIDGE}",
        f"ssh -i key prod {BRIDGE}",
        f"ssh prod hunter2 {BRIDGE}",
        f"docker exec -e TOKEN=hunter2 -i airflow {BRIDGE}",
        f"docker exec -i airflow env TOKEN=hunter2 {BRIDGE}",
        f"docker exec -i airflow hunter2 {BRIDGE}",
        f"curl https://hooks.example/hunter2 {BRIDGE}",
        f"ssh prod {BRIDGE} --token hunter2",
        f"sh -c '{BRIDGE} hunter2'",
        f"ssh prod 'PASSWORD=hunter2 {BRIDGE}'",
        "ssh prod hunter2 -m backfill_tui.bridge",
        "ssh prod start-bridge",
        "-m backfill_tui.bridge",
        "",
    ],
)
def test_one_with_any_other_word_is_not(command: str) -> None:
    assert not is_plain(shlex.split(command))
