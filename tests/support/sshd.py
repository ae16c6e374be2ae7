"""An sshd of our own on loopback, with keys made for it, for a bridge that is really elsewhere."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import pytest

from backfill_tui.engine.network import free_port
from tests.support.homes import wait_until

_SEPARATION: Final = Path("/run/sshd")
"""Without this folder an sshd that root starts ends at once."""


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """A running one; `words` run a command through it."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def words(self, *command: str) -> list[str]:
        """The words of an ssh that asks for nothing and knows of nobody's settings."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self.folder / "known"),
            "GlobalKnownHostsFile": "/dev/null",
            "ServerAliveInterval": "5",
        }
        settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        key = ["-F", "/dev/null", "-i", str(self.folder / "key"), "-p", str(self.port)]
        return ["ssh", *key, *settings, "127.0.0.1", shlex.join(command)]

    def break_connections(self) -> int:
        """End what serves connections, as a network or a host that goes does; how many there were."""
        served = psutil.Process(self.process.pid).children()
        for one in served:
            for process in [one, *one.children(recursive=True)]:
                # Of what runs in the session nothing is killed: it must notice by itself.
                if "sshd" in process.name():
                    process.kill()
        psutil.wait_procs(served, timeout=60)
        return len(served)


@contextmanager
def sshd_on_loopback(folder: Path) -> Iterator[Sshd]:
    """It with a key for this user; skips the test where there is no OpenSSH, or where it can not run."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH: install openssh-server and openssh-client to try a real one")
    _separate()
    _make_keys(folder)
    port = free_port()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "banner").write_text("Welcome to [red]prod[/]: look, do not touch\n")
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nPidFile none\nStrictModes no\nUsePAM no\n"
        f"PasswordAuthentication no\nBanner {folder / 'banner'}\nAllowUsers {getpass.getuser()}\n"
    )
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(folder / "config")], stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        made = Sshd(process=process, port=port, folder=folder)
        wait_until(lambda: _answers(made), (folder / "sshd.log").read_text, 60)
        yield made
    finally:
        for left in psutil.Process(process.pid).children(recursive=True):
            left.kill()
        process.terminate()
        process.wait()


def _answers(made: Sshd) -> bool:
    if made.process.poll() is not None:
        pytest.skip(f"sshd does not run here: {(made.folder / 'sshd.log').read_text()[-300:]}")
    return subprocess.run(made.words("true"), stdin=subprocess.DEVNULL, capture_output=True).returncode == 0  # noqa: PLW1510


def _make_keys(folder: Path) -> None:
    for name in ("host", "key"):
        made: Sequence[str] = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(made, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    shutil.copy(folder / "key.pub", folder / "authorized")


def _separate() -> None:
    """Make the folder that sshd wants to find, as a system's start does; it stays, for others may use it."""
    if os.getuid() == 0:
        _SEPARATION.mkdir(mode=0o755, exist_ok=True)
