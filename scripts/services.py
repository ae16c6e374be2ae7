"""What the tests use besides Python: `python3 -m scripts.services make check` runs a command that has it all.

A server that the environment names, or that answers on its usual local port, is taken as it is. What is
missing is started from the programs on this machine, on a free port and in a temporary folder, and ended with
the command; programs that are missing, a browser among them, are installed where the package manager may be
used without a question.
The standard library is enough, because this runs before anything is installed.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from scripts.chromium import CHROMIUM
from scripts.installing import MissingError, install

REQUIRED: Final = "BACKFILL_TUI_TEST_REQUIRE_SERVICES"
"""When it is set, a test that finds no server fails where it would be skipped."""

_LOOPBACK: Final = "127.0.0.1"
_USER: Final = "postgres"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 30.0
_FOLDERS: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
"""Where distributions keep what they do not put on the PATH."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A server that tests need, and how it is had; `variable` is the one that names it by a URL."""

    title: str
    variable: str
    usual: str
    programs: Sequence[str]
    packages: Mapping[str, str]
    answers: Callable[[str], bool]
    started: Callable[[], AbstractContextManager[str]]

    def url(self, environment: Mapping[str, str]) -> str:
        """Where it should be."""
        return environment.get(self.variable) or self.usual

    @contextmanager
    def there(self, environment: Mapping[str, str]) -> Iterator[str]:
        """Its URL, for as long as the context lasts; MissingError when there is no way to it."""
        url = self.url(environment)
        if self.answers(url):
            yield url
            return
        if url != self.usual:
            raise MissingError(f"{self.variable} names {_shown(url)}, where no {self.title} answers")
        if not all(map(_program, self.programs)):
            install(self.title, self.packages)
            if not all(map(_program, self.programs)):
                raise MissingError(
                    f"{self.title} is needed: nothing answers at {self.usual}, the programs "
                    f"{' and '.join(self.programs)} are not on this machine and could not be installed. "
                    f"Install them, or name a server with {self.variable}"
                )
        with self.started() as url:
            print(f"{self.title} was started for this: {url}", file=sys.stderr)
            yield url


def postgres_answers(url: str) -> bool:
    """Whether a PostgreSQL lets this user in, or would with a password that the URL has."""
    user = urlsplit(url).username or _USER
    words = f"user\0{user}\0database\0postgres\0\0".encode()
    # Its protocol, version 3.0: the length of the message, the version, pairs of names and values.
    reply = _asked(url, 5432, struct.pack("!ii", len(words) + 8, 3 << 16) + words, 9)
    let_in = struct.pack("!cii", b"R", 8, 0)
    return reply == let_in or (reply[:1] == b"R" and urlsplit(url).password is not None)


def redis_answers(url: str) -> bool:
    """Whether a Redis answers, or would with a password that the URL has."""
    reply = _asked(url, 6379, b"PING\r\n", 7)
    return reply == b"+PONG\r\n" or (reply[:7] == b"-NOAUTH" and urlsplit(url).password is not None)


def _asked(url: str, port: int, words: bytes, length: int) -> bytes:
    place = urlsplit(url)
    try:
        with socket.create_connection((place.hostname or _LOOPBACK, place.port or port), 5) as connection:
            connection.sendall(words)
            return connection.recv(length, socket.MSG_WAITALL)
    except OSError:
        return b""


@contextmanager
def started_postgres(*settings: str) -> Iterator[str]:
    """A PostgreSQL with these settings, which nobody outside reaches and no power cut may meet; its URL."""
    port = _free_port()
    # It refuses to run as root.
    user = None if os.geteuid() else _a_user()
    with _folder(user) as folder:
        data = str(folder / "data")
        words = [
            "--pgdata",
            data,
            "--username",
            _USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
        ]
        made = subprocess.run(
            [_needed("initdb"), *words], cwd=folder, user=user, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise MissingError(f"PostgreSQL could not be set up: {made.stderr.strip()[-500:]}")
        options = (
            f"port={port}", f"listen_addresses={_LOOPBACK}", "unix_socket_directories=",
            "max_connections=200", "fsync=off", "full_page_writes=off", "synchronous_commit=off", *settings,
        )  # fmt: skip
        words = [_needed("postgres"), "-D", data, *(word for option in options for word in ("-c", option))]
        url = f"postgresql://{_USER}@{_LOOPBACK}:{port}"
        with _running(words, folder, postgres_answers, url, user=user, end=signal.SIGINT):
            yield url


@contextmanager
def started_redis() -> Iterator[str]:
    """A Redis that keeps nothing; its URL."""
    port = _free_port()
    with _folder(None) as folder:
        words = [_needed("redis-server"), "--port", str(port), "--bind", _LOOPBACK, "--save", ""]
        url = f"redis://{_LOOPBACK}:{port}"
        with _running(words, folder, redis_answers, url):
            yield url


@contextmanager
def _running(
    words: Sequence[str],
    folder: Path,
    answers: Callable[[str], bool],
    url: str,
    *,
    user: int | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as written:
        # A session of its own: ctrl+c is for the command, which may still need the server.
        process = subprocess.Popen(
            words, cwd=folder, user=user, stdin=subprocess.DEVNULL, stdout=written, stderr=written,
            start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                last = log.read_text("utf-8", "replace").strip()[-500:]
                raise MissingError(f"{Path(words[0]).name} does not start: {last}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(end)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _folder(owner: int | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="backfill-tui-services-") as name:
        if owner is not None:
            os.chown(name, owner, -1)
        yield Path(name)


def _a_user() -> int:
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    for name in (_USER, "nobody"):
        if name in known:
            return known[name]
    raise MissingError("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _program(name: str) -> str | None:
    folders = sorted(folder for pattern in _FOLDERS for folder in glob.glob(pattern))  # noqa: PTH207  # absolute
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(reversed(folders)))


def _needed(name: str) -> str:
    found = _program(name)
    if found is None:
        raise MissingError(f"The program {name} is not on this machine")
    return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_LOOPBACK, 0))
        return int(listener.getsockname()[1])


def _shown(url: str) -> str:
    """The URL without its password."""
    place = urlsplit(url)
    return url.replace(f":{place.password}@", "@") if place.password else url


POSTGRESQL: Final = Service(
    title="PostgreSQL",
    variable="BACKFILL_TUI_TEST_POSTGRES",
    usual=f"postgresql://{os.environ.get('PGUSER', _USER)}@{_LOOPBACK}:5432",
    programs=("initdb", "postgres"),
    packages={"": "postgresql", "dnf": "postgresql-server", "brew": "postgresql@17"},
    answers=postgres_answers,
    started=started_postgres,
)
REDIS: Final = Service(
    title="Redis",
    variable="BACKFILL_TUI_TEST_REDIS",
    usual=f"redis://{_LOOPBACK}:6379",
    programs=("redis-server",),
    packages={"": "redis", "apt-get": "redis-server"},
    answers=redis_answers,
    started=started_redis,
)


def main(words: Sequence[str]) -> int:
    """Run a command with the servers and the browser; its exit code, 1 when one of them can not be had."""
    # So that what was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        chromium = CHROMIUM.had(os.environ)
        with POSTGRESQL.there(os.environ) as postgres, REDIS.there(os.environ) as redis:
            found = {
                POSTGRESQL.variable: postgres,
                REDIS.variable: redis,
                CHROMIUM.variable: chromium,
                REQUIRED: "1",
            }
            return subprocess.run(words, env={**os.environ, **found}, check=False).returncode
    except MissingError as missing:
        print(missing, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
