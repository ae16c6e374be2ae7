from __future__ import annotations

import dataclasses
import sys
from importlib import import_module
from pathlib import Path

import pytest
from scripts.settings import PAGE, with_tables
from tests.cli.conftest import CommandLine, Ended

from backfill_tui.composition import RealComposition
from backfill_tui.domain.short_words import beginning_of
from backfill_tui.settings import KEYS, Settings, from_file, resolve
from backfill_tui.settings.example import example
from backfill_tui.settings.names import PROFILE_KEYS
from backfill_tui.settings.registry import BY_KEY, SETTINGS, Kind

SECRET = "hunter2secret"
FILE = f"""
read_only = true
notify_command = "curl -H 'Authorization: Bearer {SECRET}' https://hooks.example/{SECRET}"

[profiles.prod]
airflow_home = "/opt/airflow"
colour = "red"
production = true

[profiles.far]
bridge_command = "env TOKEN={SECRET} ssh prod python -m backfill_tui.bridge"
"""


@pytest.fixture
def file(tmp_path: Path, run: CommandLine) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    run.composition.config_path = path
    return path


def by_key(ended: Ended) -> dict[str, dict[str, object]]:
    return {each["key"]: each for each in ended.json["settings"]}


def test_every_setting_is_shown_with_its_value_and_where_it_was_set(file: Path, run: CommandLine) -> None:
    ended = run("--profile", "prod", "--airflow-python", "/opt/venv", "config")
    assert ended.code == 0
    rows = {
        line.split()[0]: line.split(maxsplit=1)[1].split("  ")
        for line in ended.out.splitlines()[1 : 1 + len(KEYS)]
    }
    assert tuple(rows) == KEYS
    assert rows["airflow_home"][0] == "/opt/airflow"
    assert rows["airflow_home"][-1].strip() == "profile prod, config.toml line 6"
    assert rows["airflow_python"][-1].strip() == "--airflow-python"
    assert rows["read_only"][0] == "true"
    assert rows["read_only"][-1].strip() == "config.toml line 2"
    assert rows["notify"] == ["true", *rows["notify"][1:-1], rows["notify"][-1]]
    assert rows["notify"][-1].strip() == "default"
    assert "This chooses the Airflow of /opt/airflow (attached), because airflow_home is set" in ended.out
    assert "Profiles: prod (in use, production, red), far" in ended.out
    assert f"The settings file is {file}" in ended.talk


def test_what_is_set_in_vain_is_shown_too(file: Path, tmp_path: Path) -> None:
    environment = {"BACKFILL_TUI_CONFIG": str(file), "BACKFILL_TUI_READ_ONLY": "no", "AIRFLOW_HOME": "/af"}
    report = RealComposition(environment, tmp_path).settings({"dags_folder": "dags"})
    read_only = next(each for each in report.settings if each.setting.key == "read_only")
    assert read_only.value is False
    assert read_only.spot is not None
    assert read_only.spot.words == "BACKFILL_TUI_READ_ONLY"
    assert [spot.words for spot in read_only.in_vain] == ["config.toml line 2"]


def test_a_profile_that_is_left_does_not_count(file: Path, tmp_path: Path) -> None:
    file.write_text(f'profile = "prod"\n{FILE}')
    composition = RealComposition({"BACKFILL_TUI_CONFIG": str(file)}, tmp_path)
    found = {each.setting.key: each for each in composition.settings({"dags_folder": "dags"}).settings}
    assert found["profile"].spot is None
    assert [spot.words for spot in found["profile"].in_vain] == ["config.toml line 1"]
    assert found["airflow_home"].spot is None


@pytest.mark.parametrize("words", [("config",), ("config", "--json")])
@pytest.mark.parametrize("profile", [(), ("--profile", "far")])
def test_no_secret_in_a_command_is_ever_shown(
    file: Path, run: CommandLine, words: tuple[str, ...], profile: tuple[str, ...]
) -> None:
    assert SECRET in file.read_text()
    ended = run(*profile, *words)
    assert ended.code == 0, ended.talk
    assert SECRET not in ended.out + ended.talk
    assert "curl" in ended.out


@pytest.mark.parametrize(
    ("command", "shown", "hidden"),
    [
        (["ssh", "prod", "python", "-m", "x"], "ssh prod", 3),
        (["ssh", "me@prod.example.com"], "ssh me@prod.example.com", 0),
        (["sshpass", "-p", SECRET, "ssh", "prod"], "sshpass", 4),
        (["env", f"TOKEN={SECRET}", "ssh"], "env", 2),
        (["curl", f"https://u:{SECRET}@host/x"], "curl", 1),
        (["tell", f"user:{SECRET}"], "tell", 1),
        (["tell", "x" * 60], "tell", 1),
        ([f"TOKEN={SECRET}", "ssh"], "", 2),
        ([], "", 0),
    ],
)
def test_only_the_program_and_a_plain_word_of_a_command_are_shown(
    command: list[str], shown: str, hidden: int
) -> None:
    assert beginning_of(command) == (shown, hidden)


def test_the_json_has_the_line_and_the_origin_of_each_setting(file: Path, run: CommandLine) -> None:
    found = by_key(run("--profile", "prod", "config", "--json"))
    assert found["airflow_home"]["origin"] == "profile"
    assert (found["airflow_home"]["name"], found["airflow_home"]["line"]) == ("prod", 6)
    assert found["profile"]["origin"] == "option"
    assert (found["read_only"]["file"], found["read_only"]["line"]) == (str(file), 2)
    assert found["home"] == {
        "key": "home", "value": None, "hidden_words": 0, "default": BY_KEY["home"].default,
        "origin": "default", "name": None, "file": None, "line": None, "in_vain": [],
    }  # fmt: skip


def test_keys_of_the_user_are_shown_with_their_commands(file: Path, run: CommandLine) -> None:
    file.write_text('[keys]\n"watch.rerun" = "R"\nplan.launch = ["F5", "ctrl+l"]\n"watch.export" = ""\n')
    shown = "Commands with keys of your own: watch.rerun (R), plan.launch (f5 ctrl+l), watch.export (no key)"
    assert shown in run("config").out
    assert run("config", "--json").json["keys"] == {
        "watch.rerun": "R",
        "plan.launch": ["F5", "ctrl+l"],
        "watch.export": "",
    }


@pytest.mark.parametrize("words", [("config",), ("config", "--json")])
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('"watch.rerum" = "R"', '"watch.rerum" in [keys] of {} is not a command: did you mean watch.rerun?'),
        (
            '"watch.rerun" = "x"',
            'watch.rerun and watch.stop would both have the key x on the screen "Watch", by [keys] of {}: ',
        ),
        (
            '"watch.rerun" = "ctrl+m"',
            '"ctrl+m" for watch.rerun in [keys] of {} is not a key: a terminal sends',
        ),
        ('"plan.launch" = true', '"True" for plan.launch in [keys] of {} is not a key'),
        ('"list.up" = ""', "list.up in [keys] of {} can not be without a key"),
    ],
)
def test_keys_that_the_screen_would_refuse_are_refused_in_its_words(
    file: Path, run: CommandLine, line: str, told: str, words: tuple[str, ...]
) -> None:
    file.write_text(f"[keys]\n{line}\n")
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert told.format(file) in ended.talk
    assert run("dags").code == 0, "what needs no screen goes on"


def test_the_path_of_the_file_is_told_whatever_is_wrong_in_it(file: Path, run: CommandLine) -> None:
    file.write_text("read_onyl = true")
    assert run("config", "--path").out == f"{file}\n"
    broken = run("config")
    assert broken.code == 2
    assert f'"read_onyl" in {file}:1 is not a setting: did you mean read_only?' in broken.talk


def test_the_ways_of_showing_exclude_each_other(run: CommandLine) -> None:
    assert run("config", "--path", "--json").code == 2


def test_outside_text_in_the_settings_does_not_reach_the_terminal(file: Path, run: CommandLine) -> None:
    file.write_text('home = "/x/\\u001b]0;title\\u0007[/red]"\n[profiles."\\u001b[31mred"]\n')
    ended = run("config")
    assert ended.code == 0, ended.talk
    assert "\x1b" not in ended.out + ended.talk
    assert "[/red]" in ended.out


def test_the_example_file_sets_nothing_and_without_its_signs_everything(
    run: CommandLine, tmp_path: Path
) -> None:
    text = run("config", "--example").out
    assert text == example()
    file = tmp_path / "config.toml"
    file.write_text(text)
    assert resolve(from_file(file)) == Settings()
    settings = [line[2:] for line in text.splitlines() if is_setting(line)]
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    found = toml.loads("\n".join(settings))
    assert (*found,) == (*KEYS, "profiles", "keys")
    assert found["keys"]["watch.rerun"] == "R"
    assert {*found["profiles"]["prod"]} == {*PROFILE_KEYS} - {*KEYS}


def is_setting(line: str) -> bool:
    return line.startswith(("# [", '# "')) or line[2:].partition(" = ")[0] in BY_KEY


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_of_the_example_is_of_its_kind_and_described_whole(
    setting: object, tmp_path: Path
) -> None:
    assert setting in SETTINGS
    (known,) = [each for each in SETTINGS if each is setting]
    assert bool(known.choices) is (known.kind is Kind.CHOICE)
    assert known.meaning
    assert known.default
    file = tmp_path / "config.toml"
    table = "[profiles.staging]\n" if known.only_in_profile else ""
    profile = "[profiles.staging]" if known.key == "profile" else ""
    file.write_text(f"{table}{known.key} = {known.example}\n{profile}")
    resolve(from_file(file))


def test_every_setting_is_a_field_of_the_settings_and_every_field_is_one() -> None:
    assert {field.name for field in dataclasses.fields(Settings)} == {*KEYS, "keymap", "keymap_from"}


def test_the_page_of_settings_has_the_tables_of_the_registry() -> None:
    page = PAGE.read_text("utf-8")
    assert with_tables(page) == page, "run: python -m scripts.settings"


def test_the_file_on_the_page_of_settings_is_one(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    block = PAGE.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    file.write_text(f'profile = "prod"\n{block}')
    profile = resolve(from_file(file)).profile
    assert profile is not None
    assert profile.production
