"""Every setting there is: its name, its kind, what it means and what counts where it is not set.

A new setting is one entry here, one field of `Settings` and one line in `settled`; the names, the docs, the
example file and `backfill-tui config` follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.looks import SignChoice, ThemeChoice
from backfill_tui.domain.profiles import Colour


class Kind(StrEnum):
    """What a value is, in the words of the docs."""

    PATH = "path"
    COMMAND = "command"
    SWITCH = "true or false"
    NAME = "name"
    CHOICE = "one of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. `meaning` and `default` are words, `example` is a value as TOML has it.

    `option` says that it is an option of the command line too, and `argument` what stands behind that;
    `only_in_profile` that it describes one Airflow, so it stands in no other place. `in_profile` is false for
    what chooses the profile. `choices` are the words of a CHOICE.
    """

    key: str
    kind: Kind
    meaning: str
    default: str
    example: str
    option: bool = False
    argument: str = ""
    in_profile: bool = True
    only_in_profile: bool = False
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The option: `--read-only`."""
        return f"--{self.key.replace('_', '-')}"

    @property
    def kind_words(self) -> str:
        """`path`, or `one of red, orange`."""
        return f"{self.kind} {', '.join(self.choices)}" if self.choices else str(self.kind)


SETTINGS: Final = (
    Setting(
        key="dags_folder",
        kind=Kind.PATH,
        meaning="use the Dags of this folder, on an Airflow of its own (embedded)",
        default="the folder dags of where one stands, if no Airflow is configured",
        example='"~/dags"',
        option=True,
        argument="DIR",
    ),
    Setting(
        key="airflow_home",
        kind=Kind.PATH,
        meaning="attach to the Airflow of this AIRFLOW_HOME",
        default="the variable AIRFLOW_HOME, or ~/airflow where it has an airflow.cfg",
        example='"/opt/airflow"',
        option=True,
        argument="DIR",
    ),
    Setting(
        key="bridge_command",
        kind=Kind.COMMAND,
        meaning="use an Airflow elsewhere: a command that starts `python -m backfill_tui.bridge` there",
        default="none, the Airflow is on this machine",
        example='"ssh prod /opt/airflow/venv/bin/python -m backfill_tui.bridge"',
        option=True,
        argument="COMMAND",
    ),
    Setting(
        key="airflow_python",
        kind=Kind.PATH,
        meaning="the Python of the Airflow that is attached to, or its virtual environment; "
        "this program need not be installed there",
        default="the Python of this program",
        example='"/opt/airflow/venv"',
        option=True,
        argument="PATH",
    ),
    Setting(
        key="profile",
        kind=Kind.NAME,
        meaning="the Airflow of the table `[profiles.NAME]`",
        default="none",
        example='"staging"',
        option=True,
        argument="NAME",
        in_profile=False,
    ),
    Setting(
        key="home",
        kind=Kind.PATH,
        meaning="where the embedded Airflow lives",
        default="under the user's state folder, one for each folder of Dags",
        example='"~/backfill-home"',
        option=True,
        argument="DIR",
    ),
    Setting(
        key="read_only",
        kind=Kind.SWITCH,
        meaning="refuse everything that changes anything",
        default="false",
        example="true",
        option=True,
    ),
    Setting(
        key="notify",
        kind=Kind.SWITCH,
        meaning="let the screen ring the bell and the terminal notify (OSC 9) at the first failed run of the "
        "backfill that is watched and at its end",
        default="true",
        example="false",
    ),
    Setting(
        key="notify_command",
        kind=Kind.COMMAND,
        meaning="a command that the screen starts then, with one sentence more as its last word; no shell is "
        "involved",
        default="none",
        example='"notify-send backfill-tui"',
    ),
    Setting(
        key="theme",
        kind=Kind.CHOICE,
        meaning="the colours of the screen, of which ansi are the terminal's own sixteen; auto takes what "
        "suits the terminal",
        default="auto",
        example='"light"',
        option=True,
        argument="THEME",
        choices=tuple(ThemeChoice),
    ),
    Setting(
        key="signs",
        kind=Kind.CHOICE,
        meaning="the signs of the screen; auto draws them in ASCII where the terminal or its locale has no "
        "Unicode",
        default="auto",
        example='"ascii"',
        option=True,
        argument="SIGNS",
        choices=tuple(SignChoice),
    ),
    Setting(
        key="hints",
        kind=Kind.SWITCH,
        meaning="tell on the screens what to press next, each time once",
        default="true",
        example="false",
    ),
    Setting(
        key="colour",
        kind=Kind.CHOICE,
        meaning="the colour of the profile's name on the screen",
        default="none",
        example='"red"',
        only_in_profile=True,
        choices=tuple(Colour),
    ),
    Setting(
        key="production",
        kind=Kind.SWITCH,
        meaning="confirm every change by typing the name of the profile, or with `--confirm NAME`",
        default="false",
        example="true",
        only_in_profile=True,
    ),
)

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
