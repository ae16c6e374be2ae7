from __future__ import annotations

from pathlib import Path

import pytest

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.profiles import Colour, Profile
from backfill_tui.settings import Settings, from_environment, from_file, from_flags, resolve

HERE = Path("/here")
FILE = """
read_only = false

[profiles.prod]
airflow_home = "/opt/airflow"
airflow_python = "/opt/venv/bin/python"
colour = "red"
production = true
read_only = true

[profiles.staging]
bridge_command = "ssh staging /opt/airflow/bin/python -m backfill_tui.bridge"

[profiles."two words"]
colour = "blue"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


def settings(file: Path, flags: dict[str, object], **variables: str) -> Settings:
    named = {f"BACKFILL_TUI_{name.upper()}": value for name, value in variables.items()}
    return resolve(from_flags(flags, HERE), from_environment(named, HERE), from_file(file))


def test_without_a_profile_none_counts(file: Path) -> None:
    assert settings(file, {}) == Settings()


def test_a_profile_sets_what_the_file_could_and_has_a_name_and_a_colour(file: Path) -> None:
    assert settings(file, {"profile": "prod"}) == Settings(
        airflow_home=Path("/opt/airflow"),
        airflow_python=Path("/opt/venv/bin/python"),
        profile=Profile(name="prod", colour=Colour.RED, production=True),
        read_only=True,
    )
    words = ("ssh", "staging", "/opt/airflow/bin/python", "-m", "backfill_tui.bridge")
    staging = Settings(bridge_command=words, profile=Profile(name="staging"))
    assert settings(file, {}, profile="staging") == staging
    assert settings(file, {"profile": "two words"}).profile == Profile(name="two words", colour=Colour.BLUE)


def test_the_file_can_choose_one_of_its_profiles_and_an_option_another(file: Path) -> None:
    file.write_text(f'profile = "prod"\n{FILE}')
    assert settings(file, {}).airflow_home == Path("/opt/airflow")
    assert settings(file, {"profile": "staging"}).airflow_home is None


def test_what_is_nearer_than_the_choice_of_a_profile_wins_over_it(file: Path) -> None:
    chosen = settings(file, {"profile": "prod"}, read_only="no", airflow_home="/other")
    assert (chosen.read_only, chosen.airflow_home) == (True, Path("/opt/airflow"))
    assert not settings(file, {"read_only": False}, profile="prod").read_only


@pytest.mark.parametrize("flag", ["dags_folder", "airflow_home", "bridge_command"])
def test_a_profile_is_not_shown_for_an_airflow_that_it_does_not_describe(file: Path, flag: str) -> None:
    chosen = settings(file, {flag: "other"}, profile="prod")
    assert chosen.profile is None
    assert not chosen.read_only
    file.write_text(f'profile = "prod"\n{FILE}')
    assert settings(file, {flag: "other"}).profile is None


@pytest.mark.parametrize(
    ("text", "flags", "sentence"),
    [
        (FILE, {"profile": "prdo"}, r'no profile "prdo" in .*config.toml: did you mean "prod"\?'),
        (FILE, {"profile": "x"}, "its profiles are: prod, staging, two words"),
        (FILE, {"profile": " "}, "profile in the options is not a name"),
        ("", {"profile": "prod"}, "its profiles are: none"),
        (FILE, {"profile": "prod", "airflow_home": "/x"}, "a profile and an Airflow are set by the options"),
        ("[profiles.a]\ncolor = 'red'", {}, '"color" in the profile a of .*: did you mean colour'),
        ("[profiles.a]\nprofile = 'b'", {}, '"profile" in the profile a of .* is not a setting'),
        ("[profiles.a]\ncolour = 'mauve'", {"profile": "a"}, "'mauve', which is none .*: choose one of red"),
        ("[profiles.a]\nproduction = 'perhaps'", {"profile": "a"}, "production in the profile a of"),
        ("[profiles]\na = 3", {}, r"profiles in .* is not a table of tables: write \[profiles.NAME\]"),
        ("[profiles.a]\nairflow_home='x'\ndags_folder='y'", {"profile": "a"}, "are set by the profile a"),
        ("", {"airflow_home": "x", "bridge_command": "y"}, "Both airflow_home and bridge_command are set by"),
        ("", {"airflow_python": "p", "dags_folder": "d"}, "goes with an Airflow that is attached to"),
        ("", {"airflow_python": "p", "bridge_command": "d"}, "says nothing to a bridge_command"),
    ],
)
def test_what_can_not_be_meant_is_an_error(
    file: Path, text: str, flags: dict[str, object], sentence: str
) -> None:
    file.write_text(text)
    with pytest.raises(BadRequest, match=sentence):
        settings(file, flags)


def test_an_interpreter_in_the_file_says_nothing_of_an_airflow_that_an_option_chooses(file: Path) -> None:
    file.write_text('airflow_python = "/opt/venv/bin/python"')
    assert settings(file, {"dags_folder": "dags"}).dags_folder == HERE / "dags"
