from __future__ import annotations

import configparser
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from tests.support.homes import private_home

from backfill_tui.domain.problems import BadRequest, NotThere, Refused, Unreachable
from backfill_tui.engine.home import default_home, prepare_home, record_version, recorded_version


def _everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_home_is_for_its_owner_only(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    for path in (home.path, *home.path.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_preparing_a_home_again_changes_nothing(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    before = _everything_in(home.path)
    assert private_home(tmp_path) == home
    assert _everything_in(home.path) == before


def test_its_secrets_are_made_once_and_its_other_settings_are_put_right(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    text = home.airflow_cfg.read_text()
    home.airflow_cfg.write_text(text.replace("use_job_schedule = False", "use_job_schedule = True"))
    private_home(tmp_path)
    assert home.airflow_cfg.read_text() == text


def test_two_homes_share_no_secret(tmp_path: Path) -> None:
    secrets = set()
    for name in ("one", "two"):
        parser = configparser.ConfigParser()
        parser.read(private_home(tmp_path / name).airflow_cfg)
        secrets |= {
            parser["core"]["fernet_key"],
            parser["api"]["secret_key"],
            parser["api_auth"]["jwt_secret"],
        }
    assert len(secrets) == 6
    assert all(len(secret) >= 40 for secret in secrets)


def test_a_percent_sign_in_a_path_reaches_airflow_as_it_is(tmp_path: Path) -> None:
    home = private_home(tmp_path / "50%s")
    parser = configparser.ConfigParser()
    parser.read(home.airflow_cfg)
    assert parser["core"]["dags_folder"] == str(home.dags_folder)
    assert parser["database"]["sql_alchemy_conn"] == f"sqlite:///{home.database}"


def test_the_environment_of_its_children_has_the_users_data_and_not_the_users_airflow(tmp_path: Path) -> None:
    environment = private_home(tmp_path).environment(
        {
            "PATH": "/bin",
            "AIRFLOW_HOME": "/elsewhere",
            "AIRFLOW_CONFIG": "/elsewhere/airflow.cfg",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://elsewhere",
            "_AIRFLOW__REEXECUTED_PROCESS": "1",
            "PYTHONWARNINGS": "error",
            "AIRFLOW_CONN_WAREHOUSE": "sqlite://",
            "AIRFLOW_VAR_MENDED": "yes",
            "NO_PROXY": "example.org",
        }
    )
    assert environment == {
        "PATH": "/bin",
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW_CONN_WAREHOUSE": "sqlite://",
        "AIRFLOW_VAR_MENDED": "yes",
        "NO_PROXY": "example.org,127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    }


def test_each_dags_folder_has_a_home_that_can_be_told_by_its_name(tmp_path: Path) -> None:
    first = default_home(tmp_path / "Sales Team" / "dags", tmp_path)
    second = default_home(tmp_path / "other" / "dags", tmp_path)
    assert first != second
    assert first.name.startswith("sales-team-dags-")
    assert first == default_home(tmp_path / "Sales Team" / "x" / ".." / "dags", tmp_path)


def test_the_home_of_another_dags_folder_is_refused(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(Refused, match=f"belongs to the Dags folder {home.dags_folder}"):
        prepare_home(home.path, other)


def test_an_airflow_home_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "airflow"
    theirs.mkdir()
    (theirs / "airflow.cfg").write_text("[core]\n")
    (tmp_path / "dags").mkdir()
    with pytest.raises(BadRequest, match="not a home that backfill-tui made"):
        prepare_home(theirs, tmp_path / "dags")
    assert _everything_in(theirs) == {theirs / "airflow.cfg": b"[core]\n"}


@pytest.mark.parametrize("name", ["line\nbreak", "what?", "$HOME", "${PATH}"])
def test_a_path_that_airflow_would_read_differently_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "dags").mkdir()
    with pytest.raises(BadRequest, match="Airflow can not use the home"):
        prepare_home(tmp_path / name, tmp_path / "dags")
    assert not (tmp_path / name).exists()


def test_a_missing_dags_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match=f"There is no Dags folder {tmp_path / 'nowhere'}"):
        prepare_home(tmp_path / "home", tmp_path / "nowhere")
    assert not (tmp_path / "home").exists()


def test_a_home_below_a_file_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dags").mkdir()
    with pytest.raises(Unreachable, match="can not be written: Not a directory"):
        prepare_home(tmp_path / "file" / "home", tmp_path / "dags")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = private_home(tmp_path)
    home.airflow_cfg.unlink()
    open_file = os.fdopen

    def on_a_full_disk(descriptor: int, mode: str, **options: str) -> IO[str]:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, descriptor)
        os.close(full)
        return open_file(descriptor, mode, encoding=options["encoding"])

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", on_a_full_disk)
        with pytest.raises(Unreachable, match=f"The disk is full: the home {home.path} can not be written"):
            prepare_home(home.path, home.dags_folder)
    assert prepare_home(home.path, home.dags_folder) == home


def test_the_version_of_airflow_is_remembered(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    assert recorded_version(home) is None
    record_version(home, "3.3.2")
    assert recorded_version(private_home(tmp_path)) == "3.3.2"


def test_many_sessions_prepare_one_home_at_once(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    program = (
        "import sys\nfrom pathlib import Path\nfrom backfill_tui.engine.home import prepare_home\n"
        "print(prepare_home(Path(sys.argv[1]), Path(sys.argv[2])).airflow_cfg.read_text())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "home"), str(tmp_path / "dags")]
    sessions = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    texts = {session.communicate()[0] for session in sessions}
    assert len(texts) == 1
    assert all(session.returncode == 0 for session in sessions)
