from __future__ import annotations

from pathlib import Path

import pytest

from backfill_tui.composition import RealComposition
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.problems import BadRequest
from backfill_tui.engine.processes import MARK
from backfill_tui.settings import (
    Elsewhere,
    Place,
    Settings,
    Source,
    from_environment,
    from_file,
    from_flags,
    place_of,
    resolve,
)
from backfill_tui.settings.lines import line_of

HERE = Path("/here")


def source(name: str, **values: object) -> Source:
    return Source(name=name, values=values, base=HERE)


def test_without_anything_set_nothing_is_set() -> None:
    assert resolve(source("flags"), source("file")) == Settings()


def test_the_first_source_that_has_a_value_wins() -> None:
    settings = resolve(source("flags", home="a"), source("file", home="b", read_only=True))
    assert settings == Settings(home=Path("/here/a"), read_only=True)


def test_a_variable_can_take_back_what_the_file_says() -> None:
    environment = from_environment({"BACKFILL_TUI_READ_ONLY": "no"}, HERE)
    assert not resolve(environment, source("file", read_only=True)).read_only


def test_the_terminal_may_ring_unless_it_is_switched_off(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("notify = false\n")
    assert Settings().notify
    assert not resolve(from_file(file)).notify
    assert resolve(from_environment({"BACKFILL_TUI_NOTIFY": "yes"}, HERE), from_file(file)).notify


def test_the_command_that_notifies_is_written_as_in_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("notify_command = \"notify-send 'my backfills'\"\n")
    assert resolve(from_file(file)).notify_command == ("notify-send", "my backfills")
    assert Settings().notify_command == ()


@pytest.mark.parametrize("value", ["notify_command = 3", 'notify_command = "say \'it"'])
def test_a_command_that_is_none_is_an_error(value: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(value)
    with pytest.raises(BadRequest, match=r"notify_command in .*config.toml:1 is not a command"):
        resolve(from_file(file))


def test_the_source_that_chooses_an_airflow_decides_about_both_ways() -> None:
    settings = resolve(source("flags", dags_folder="dags"), source("the environment", airflow_home="/opt/af"))
    assert settings == Settings(dags_folder=Path("/here/dags"))
    settings = resolve(source("flags", airflow_home="/opt/af"), source("file", dags_folder="dags"))
    assert settings == Settings(airflow_home=Path("/opt/af"))


def test_one_source_can_not_choose_both() -> None:
    with pytest.raises(BadRequest, match="Both a folder of Dags and an AIRFLOW_HOME are set by the options"):
        resolve(from_flags({"dags_folder": "dags", "airflow_home": "af"}, HERE))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("read_onyl", "did you mean read_only?"),
        ("zzz", "the settings are dags_folder"),
        ("production", r"it is of a profile: write it under [profiles.NAME]"),
        ("profles", "did you mean profiles?"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_one(name: str, remedy: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"read_only = true\n{name} = true\n")
    with pytest.raises(BadRequest, match=f'"{name}" in .*config.toml:2 is not a setting') as caught:
        resolve(from_file(file))
    assert caught.value.remedy.startswith(remedy)
    with pytest.raises(
        BadRequest, match=f'"BACKFILL_TUI_{name.upper()}" in the environment is not a setting'
    ):
        resolve(from_environment({f"BACKFILL_TUI_{name.upper()}": "1"}, HERE))


def test_a_variable_that_is_misspelt_is_told_as_one_writes_it() -> None:
    with pytest.raises(BadRequest, match=r"did you mean BACKFILL_TUI_READ_ONLY\?"):
        resolve(from_environment({"BACKFILL_TUI_READONLY": "1"}, HERE))


def test_paths_in_the_file_are_taken_from_where_the_file_is(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('dags_folder = "dags"\nhome = "~/state"\n')
    settings = resolve(from_file(file))
    assert settings == Settings(dags_folder=tmp_path / "dags", home=Path("~/state").expanduser())


@pytest.mark.parametrize(
    "text",
    [
        "read_only = 'perhaps'",
        "read_only = 1",
        "home = 3",
        "home = ' '",
        "dags_folder = ['a']",
        "home = '~nobody-of-that-name/x'",
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(BadRequest, match=r"(read_only|home|dags_folder) in .*config.toml:1 is"):
        resolve(from_file(file))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("read_only = 'perhaps'", "read_only in .*config.toml:2 is 'perhaps', which is neither"),
        ("[profiles.idle]\nhome = 3", r"home in the profile idle of .*config.toml:3 is not a path"),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_also_where_it_would_not_count(
    text: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"\n{text}")
    with pytest.raises(BadRequest, match=sentence):
        resolve(from_flags({"read_only": True}, HERE), from_file(file))


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("a = 1\r\nb = 2\r\n", ("b",), 2),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), 4),
        ("a = [\n1,\n]\n", ("a",), 1),
        ("# b = 1\n\n'b' = 2", ("b",), 3),
        ("[profiles.x]\nhome = 'a'\n[profiles.y]\nhome = 'b'", ("profiles", "y", "home"), 4),
        ("profiles.x = {home = 'a'}", ("profiles", "x", "home"), 1),
        ("a = 1", ("b",), None),
    ],
)
def test_the_line_of_a_value_is_found_whatever_toml_allows(
    text: str, path: tuple[str, ...], line: int | None
) -> None:
    assert line_of(text, path) == line


def test_a_file_that_is_missing_sets_nothing_unless_it_was_named(tmp_path: Path) -> None:
    assert resolve(from_file(tmp_path / "no.toml")) == Settings()
    with pytest.raises(BadRequest, match="does not exist"):
        from_file(tmp_path / "no.toml", must_exist=True)


@pytest.mark.parametrize("content", [b"read_only", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_said_so(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(BadRequest, match=r"The settings file .*config\.toml"):
        from_file(file)


def place(settings: Settings, user_home: Path, variable: str = "") -> Place | Elsewhere:
    return place_of(settings, airflow_home_variable=variable, user_home=user_home, cwd=HERE)


def test_a_folder_of_dags_gets_an_airflow_of_its_own_even_where_one_is_configured(tmp_path: Path) -> None:
    chosen = place(Settings(dags_folder=Path("/dags")), tmp_path, variable="/opt/airflow")
    assert chosen == Place(mode=Mode.EMBEDDED, path=Path("/dags"))


def test_a_configured_airflow_is_attached_to(tmp_path: Path) -> None:
    attached = Mode.ATTACHED
    assert place(Settings(airflow_home=Path("/af")), tmp_path) == Place(mode=attached, path=Path("/af"))
    assert place(Settings(), tmp_path, "/opt/af") == Place(mode=attached, path=Path("/opt/af"))
    (tmp_path / "airflow").mkdir()
    assert place(Settings(), tmp_path) == Place(mode=Mode.EMBEDDED, path=HERE / "dags")
    (tmp_path / "airflow" / "airflow.cfg").touch()
    assert place(Settings(), tmp_path) == Place(mode=attached, path=tmp_path / "airflow")


def test_a_home_of_nobody_is_no_path_whoever_names_it(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="AIRFLOW_HOME is not a path: it begins with ~nobody-of-that-name"):
        place(Settings(), tmp_path, "~nobody-of-that-name/airflow")
    named = RealComposition({"BACKFILL_TUI_CONFIG": "~nobody-of-that-name/x.toml"}, tmp_path)
    with pytest.raises(BadRequest, match="BACKFILL_TUI_CONFIG is not a path"):
        named.settings_file()


def test_without_a_configured_airflow_it_is_the_folder_dags_of_where_one_stands(tmp_path: Path) -> None:
    assert place(Settings(), tmp_path) == Place(mode=Mode.EMBEDDED, path=Path("/here/dags"))


def test_a_task_of_the_engine_can_run_the_program() -> None:
    marked = {MARK: "home", "BACKFILL_TUI_CONFIG": "x", "BACKFILL_TUI_HOME": ""}
    assert resolve(from_environment(marked, HERE)) == Settings()
