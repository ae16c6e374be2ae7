"""The wheel and the source distribution, built as `make build` does but with what is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a `wheel` or an `sdist` of the tree at `source`; the file in the folder `target`."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target)],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@dataclass(frozen=True, slots=True)
class Wheel:
    """A built wheel."""

    path: Path

    def members(self) -> dict[str, bytes]:
        """Every file in it with what it holds."""
        with zipfile.ZipFile(self.path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def name(self) -> str:
        """`backfill_tui-1.2.3`, with which some of its folders begin."""
        return "-".join(self.path.name.split("-")[:2])

    def metadata(self) -> Message:
        """What it says of itself."""
        return Parser().parsestr(self.members()[f"{self.name}.dist-info/METADATA"].decode())


def closure(wheel: Wheel) -> set[str]:
    """The names of all distributions that the wheel needs, without its extras, and that those need."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(line) for line in wheel.metadata().get_all("Requires-Dist", [])]
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen or (wanted.marker is not None and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(key)
        for line in metadata.requires(wanted.name) or []:
            needed = Requirement(line)
            applies = needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
            )
            # That it applies is settled here, for an extra of the one that wants it.
            needed.marker = None
            waiting += [needed] if applies else []
    return {name for name, _ in seen}


def clean_environment(folder: Path, wheel: Wheel) -> Path:
    """A new environment with the wheel, all that it needs, and nothing else; its folder of programs.

    The wheel is installed by pip. What it needs is linked file by file from the environment of the tests,
    which was installed from its requirements: the same versions in a second, and no network.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    packages = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
    )
    for name in closure(wheel):
        for file in metadata.files(name) or []:
            _link(Path(str(file.locate())), (packages / file), python)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel.path)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder / "bin"


def _link(source: Path, target: Path, python: Path) -> None:
    if not source.is_file() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.parent == Path(sys.executable).parent:
        # A program names its Python in its first line.
        first, _, rest = source.read_bytes().partition(b"\n")
        target.write_bytes((f"#!{python}".encode() if first.startswith(b"#!") else first) + b"\n" + rest)
        target.chmod(0o755)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def unpacked(sdist: Path, folder: Path) -> Path:
    """The one folder that a source distribution holds, unpacked into `folder`."""
    with tarfile.open(sdist) as archive:
        if sys.version_info >= (3, 12):
            archive.extractall(folder, filter="data")
        else:
            archive.extractall(folder)  # noqa: S202  # it was built here
    (found,) = folder.iterdir()
    return found


def tracked(under: str = "") -> set[str]:
    """The files of the repository below a folder, also those not added yet; empty outside a checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", under or "."],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return {name for name in listed.stdout.decode().split("\0") if name} if listed.returncode == 0 else set()
