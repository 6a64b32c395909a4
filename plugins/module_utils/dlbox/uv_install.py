"""Installs packages with uv so that a kill at any moment is mended by the next run."""

from __future__ import annotations

import errno
import pathlib
import shutil
import subprocess

from .uv_words import FULL, MIB, explain, room


class Failure(Exception):
    """One sentence for the user; `halfway` where uv did not end by itself or had no room, and so may have left something half done."""

    def __init__(self, text: str, halfway: bool = False) -> None:
        super().__init__(text)
        self.halfway = halfway


def free(folder: pathlib.Path) -> int:
    """Bytes that are free where the folder is, or will be."""
    return shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free


def run(command: list[str], aim: str, folder: pathlib.Path, need_mb: int = 0, stdin: str = "") -> str:
    """Run uv; what it said."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        text = explain(aim, done.stderr, done.returncode, str(folder), free(folder), need_mb * MIB)
        raise Failure(text, not 0 <= done.returncode <= 128 or FULL.search(done.stderr) is not None)
    return done.stderr


def written(error: OSError, aim: str, folder: pathlib.Path) -> str:
    """The sentence for a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return room(aim, str(folder), free(folder), 0)
    return f"{error.filename or folder} could not be written ({error.strerror}), and uv could not {aim}: mend that, then run again."


def empty(folder: pathlib.Path) -> None:
    """Remove what is in a folder; the folder stays, since a disk may be mounted there."""
    for one in folder.iterdir() if folder.is_dir() else []:
        shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()


def sweep(prefix: pathlib.Path) -> None:
    """Remove the wheels' scripts and data that a kill left on their way to their places: uv stumbles over them."""
    for left in prefix.glob("lib/python3*/site-packages/*-*.data"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)


class Venv:
    """A virtual environment that holds what a lock names, and nothing else."""

    def __init__(self, uv: str, path: str, lock: str, need_mb: int) -> None:
        self.uv, self.path, self.text, self.need = uv, pathlib.Path(path), lock, need_mb
        self.note = self.path / "requirements.txt"
        # What was installed then, so that a run with nothing to do needs no uv.
        self.listed = self.path / "installed.txt"
        # Beside it, since uv empties the folder first; there as long as something is half done.
        self.mark = self.path.with_name(f".{self.path.name}.unfinished")
        self.aim = f"install the packages of {path}"

    def sound(self) -> bool:
        """Whether it is a venv; without pyvenv.cfg its Python would be the system's."""
        return all((self.path / part).exists() for part in ("pyvenv.cfg", "bin/python"))

    def whole(self) -> bool:
        """Whether nothing in it was left half done."""
        return self.sound() and not self.mark.exists()

    def sync(self, *more: str) -> str:
        """Let uv bring it to the lock. The host's own certificates, because a company's proxy is known there and not to uv."""
        words = [self.uv, "pip", "sync", "--system-certs", "--python", f"{self.path}/bin/python", *more, "-"]
        return run(words, self.aim, self.path, self.need, self.text)

    def names(self) -> str:
        """What is installed, a line each, as its folders say: `jupyterlab-4.5.0.dist-info`."""
        return "".join(f"{one.name}\n" for one in sorted(self.path.glob("lib/python3*/site-packages/*.dist-info")))

    def reason(self) -> str:
        """Why something is to do; empty where nothing is."""
        if not self.path.exists():
            return "it does not exist"
        if not self.whole():
            return "an earlier run did not finish it"
        if not self.note.exists() or self.note.read_text() != self.text:
            return "its lock is another one"
        if self.listed.exists() and self.listed.read_text() == self.names():
            return ""
        # "Would install 3 packages", "Would uninstall 1 package"; it says neither where there is nothing to do.
        return "its packages are not the lock's" if "nstall" in self.sync("--dry-run") else ""

    def keep(self) -> None:
        """Bring it there; the lock is written last, and its age tells a server that there is something new."""
        whole, names = self.whole(), self.names()
        if not whole and free(self.path) < self.need * MIB:
            raise Failure(room(self.aim, str(self.path), free(self.path), self.need * MIB))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.mark.touch()
        again = [] if whole or not self.sound() else ["--reinstall"]
        if not self.sound():
            # uv clears nothing that is no venv, as where a kill left only its first files.
            empty(self.path)
            # uv's own Python: the system's may be too old for the packages.
            make = [
                self.uv,
                "venv",
                "--quiet",
                "--python",
                str(pathlib.Path(self.uv).with_name("python")),
                str(self.path),
            ]
            run(make, f"make {self.path}", self.path, self.need)
        if again:
            sweep(self.path)
        try:
            self.sync("--quiet", *again)
        except Failure as failure:
            # It fetches everything before it changes anything: what served before goes on.
            if whole and not failure.halfway and self.names() == names:
                self.mark.unlink()
            raise
        self.listed.write_text(self.names())
        self.note.write_text(self.text)
        self.mark.unlink()


def beside(uv: str, python: str, folder: pathlib.Path, words: list[str], stdin: str = "") -> None:
    """Install packages into a folder of their own, which takes the old one's place only when it is whole."""
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    command = [uv, "pip", "install", "--quiet", "--system-certs", "--compile-bytecode", "--python", python]
    run([*command, "--target", str(new), *words], f"install the packages of {folder}", folder, stdin=stdin)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
