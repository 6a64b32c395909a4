"""The commands: conda's (or mamba's, or micromamba's) and uv's, run as the environments' owner."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from ansible.module_utils import conda_prefix, conda_stage
from ansible.module_utils.conda_words import FULL, explain
from ansible.module_utils.plan_environments import Declared, named

# Where environments are declared, unless a file of the user's does it.
LISTS = "box_environments"


class Failure(Exception):
    """One sentence for the user."""


class Tools:
    """conda and uv for one user; `before` are the words that let a command see a copy in the environment's place."""

    def __init__(self, params: dict[str, Any], running: int, before: tuple[str, ...] = ()) -> None:
        self.params, self.running, self.before = params, running, before
        self.conda, self.uv, self.user = params["conda"], params["uv"], params["user"]
        home = pwd.getpwnam(self.user).pw_dir
        self.env = {**os.environ, "HOME": home, "USER": self.user, "LOGNAME": self.user}

    def inside(self, stage: pathlib.Path, prefix: str) -> Tools:
        """The same, with the stage at the prefix."""
        return Tools(self.params, self.running, tuple(conda_stage.inside(stage, prefix)))

    def run(self, command: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command as the user; it holds the run's lock as long as it lives."""
        words = [*self.before, *conda_stage.as_user(self.user), *command]
        return subprocess.run(  # noqa: S603
            words,
            input=stdin,
            env=self.env,
            cwd="/",
            pass_fds=[self.running],
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, *arguments: str, aim: str, prefix: str = "/", retry: tuple[str, ...] = (), where: str = LISTS) -> Any:
        """Run conda and return its JSON answer; `retry` are arguments that tell what is left to download."""
        done = self.run([self.conda, *arguments, "--json"])
        answer = _json(done.stdout)
        if done.returncode:
            said = str(answer.get("message") or answer.get("error") or "") or f"{done.stderr} {done.stdout}"
            dry = (
                _json(self.run([self.conda, *retry, "--dry-run", "--json"]).stdout)
                if retry and FULL.search(said)
                else {}
            )
            fetch = dry.get("actions", {}).get("FETCH", [])
            missing = sum(package.get("size") or 0 for package in fetch)
            tool = pathlib.PurePath(self.conda).name
            raise Failure(explain(tool, aim, said, done.returncode, shutil.disk_usage(prefix).free, missing, where))
        return answer

    def prefixes(self) -> list[str]:
        """Every environment that conda knows; none where a dry run has not installed it."""
        if not pathlib.Path(self.conda).exists():
            return []
        return [
            path for path in self.ask("env", "list", aim="list its environments")["envs"] if conda_prefix.exists(path)
        ]

    def traces(self, name: str) -> bool:
        """Whether the files by which conda finds environments speak of one of this name; asking conda takes seconds."""
        home = pathlib.Path(self.env["HOME"])
        roots = [pathlib.Path(self.conda).parents[1], home / ".conda", home / "micromamba", home / ".local/share/mamba"]
        listed = home / ".conda/environments.txt"
        lines = listed.read_text().split() if listed.exists() else []
        return any(map(conda_prefix.exists, [*map(str, (root / "envs" / name for root in roots)), named(name, lines)]))

    @contextlib.contextmanager
    def fresh(self, name: str) -> Iterator[str]:
        """An empty environment, which goes again if the block raises; a kill leaves it marked as unfinished."""
        self.ask("create", "-n", name, "-y", "-q", aim=f"create the environment {name}")
        prefix = named(name, self.prefixes())
        conda_stage.write(pathlib.Path(prefix, conda_prefix.NOTE), json.dumps({"unfinished": True}))
        try:
            yield prefix
        except Exception:
            conda_stage.remove(prefix)
            raise

    def install(self, prefix: str, declared: Declared) -> None:
        """Solve for the declared packages beside what was asked for by hand, and link them."""
        channels = [part for channel in declared["channels"] for part in ("-c", channel)]
        words = ("install", "-p", prefix, "-y", "-q", "--override-channels", *channels, *declared["packages"])
        aim, where = f"install the packages of {declared['name']}", declared.get("file") or LISTS
        self.ask(*words, aim=aim, prefix=prefix, retry=words, where=where)

    def drop(self, prefix: str, conda: list[str], pip: list[str]) -> None:
        """Remove packages of which nothing that stays needs one."""
        name = pathlib.PurePath(prefix).name
        if pip:
            self._uv("uninstall", prefix, *pip, aim=f"remove {', '.join(pip)} from {name}")
        if conda:
            self.ask(
                "remove",
                "-p",
                prefix,
                "-y",
                "-q",
                "--force",
                *conda,
                aim=f"remove {', '.join(conda)} from {name}",
                prefix=prefix,
            )

    def pip(self, prefix: str, declared: Declared) -> None:
        """Install the pip part; the lines go through standard input, as they may hold pip's options."""
        lines = "".join(f"{line}\n" for line in declared["pip"])
        aim = f"install the pip part of {declared['name']}"
        where = declared.get("file") or LISTS
        self._uv("install", prefix, "--system-certs", "--requirements", "-", aim=aim, stdin=lines, where=where)

    def _uv(self, verb: str, prefix: str, *words: str, aim: str, stdin: str = "", where: str = LISTS) -> None:
        done = self.run([self.uv, "pip", verb, "--quiet", "--python", f"{prefix}/bin/python", *words], stdin)
        if done.returncode:
            raise Failure(explain("uv", aim, done.stderr, done.returncode, shutil.disk_usage(prefix).free, 0, where))


def _json(text: str) -> dict[str, Any]:
    """The answer, or nothing where a command said something else."""
    with contextlib.suppress(ValueError):
        answer = json.loads(text)
        return answer if isinstance(answer, dict) else {}
    return {}
