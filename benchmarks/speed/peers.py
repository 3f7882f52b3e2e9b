"""Peers: what a user would pick instead, each in an environment of its own.

`make bench` puts them into `.venv-bench`, `.venv-bench-katna` (whose needs clash with the others')
and `.venv-bench-node`. What cannot be installed is left out of the comparison, and the results say
why.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
_PYTHON = {
    ".venv-bench": ("moviepy>=2.2,<3", "scenedetect>=0.6,<0.8", "opencv-python-headless>=4.11,<6"),
    ".venv-bench-katna": ("katna>=0.9.2,<0.10",),
}
_NODE = ".venv-bench-node"
_INSTALL_S = 600


@dataclass(frozen=True)
class Peer:
    """A program to hold against: what begins its command, or why there is none."""

    name: str
    command: tuple[str, ...] = ()
    lacking: str = ""


def moviepy() -> Peer:
    """A straightforward MoviePy program that follows a plain edit."""
    return _program("MoviePy", ".venv-bench", "moviepy_edit.py")


def katna() -> Peer:
    """Katna's key frames."""
    return _program("Katna", ".venv-bench-katna", "katna_frames.py")


def scenedetect() -> Peer:
    """PySceneDetect's own command."""
    why = _installed(".venv-bench")
    command = (str(ROOT / ".venv-bench" / "bin" / "scenedetect"),)
    return Peer("PySceneDetect", lacking=why) if why else Peer("PySceneDetect", command)


def editly() -> Peer:
    """Editly, where node is there and its drawing library can be built."""
    program = ROOT / _NODE / "node_modules" / ".bin" / "editly"
    if not shutil.which("npm"):
        return Peer("editly", lacking="node is not installed")
    if not program.is_file():
        why = _run(["npm", "install", "--prefix", str(ROOT / _NODE), "--no-audit", "editly@0.14"])
        if why:
            return Peer("editly", lacking=f"it cannot be installed here: {why}")
    return Peer("editly", lacking="it follows no plain edit yet")


def _program(name: str, folder: str, program: str) -> Peer:
    why = _installed(folder)
    python = str(ROOT / folder / "bin" / "python")
    return Peer(name, lacking=why) if why else Peer(name, (python, str(PROGRAMS / program)))


def _installed(folder: str) -> str:
    """Why an environment is not there after all; empty when it is."""
    home = ROOT / folder
    if (home / ".ready").is_file():
        return ""
    why = _run([sys.executable, "-m", "venv", str(home)]) or _run(
        [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *_PYTHON[folder]]
    )
    if not why:
        (home / ".ready").touch()
    return why


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_INSTALL_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:160]
    said = [line for line in done.stderr.splitlines() if "rror" in line]
    return (said or ["it failed"])[0][:160] if done.returncode else ""
