#!/usr/bin/python3
"""The rehearsal's conda: conda's command line and JSON for what the roles use; py-rattler solves and links.

Rehearsal only. Channels by name are folders beside it, as conda's `channel_alias` would have it.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import sys
import time
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOME = pathlib.Path.home() / ".conda"
CONFIGURED = pathlib.Path("/etc/conda/condarc.d")
SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}[os.uname().machine]
VERSION = "24.11.3"


class CondaError(Exception):
    """An error as conda prints it: its exception's name, and a sentence."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def alias() -> str:
    """Where channels by name lie: conda's setting `channel_alias`, else the folder beside this command."""
    texts = [path.read_text() for path in sorted(CONFIGURED.glob("*.yml"))]
    found = re.findall(r"^channel_alias: *(\S+)", "\n".join(texts), re.MULTILINE)
    return found[-1].strip("\"'").rstrip("/") if found else f"file://{ROOT / 'channels'}"


def envs_dirs() -> list[pathlib.Path]:
    """Where named environments may lie: the first writable one takes a new one."""
    own, home = ROOT / "envs", HOME / "envs"
    return [own, home] if os.access(own, os.W_OK) else [home, own]


def environments() -> list[pathlib.Path]:
    """Every known environment: the root, the environments folders and ~/.conda/environments.txt."""
    listed = HOME / "environments.txt"
    known = [pathlib.Path(line) for line in listed.read_text().split()] if listed.exists() else []
    found = [ROOT, *known, *(env for folder in envs_dirs() if folder.exists() for env in sorted(folder.iterdir()))]
    return [env for env in dict.fromkeys(found) if (env / "conda-meta/history").exists()]


def prefix_of(options: argparse.Namespace, create: bool = False) -> pathlib.Path:
    """The prefix that -n or -p names."""
    if options.prefix:
        prefix = pathlib.Path(options.prefix).absolute()
    elif options.name in (None, "base"):
        prefix = ROOT
    else:
        folders = [folder / options.name for folder in envs_dirs()]
        prefix = next((folder for folder in folders if folder.exists()), folders[0])
    if not create and not (prefix / "conda-meta/history").exists():
        raise CondaError("EnvironmentLocationNotFound", f"Not a conda environment: {prefix}")
    return prefix


def short(record: dict[str, Any]) -> dict[str, Any]:
    """The fields that conda prints for a package."""
    channel = record["channel"].rstrip("/")
    name = channel.rsplit("/", 1)[-1]
    dist = f"{record['name']}-{record['version']}-{record['build']}"
    return {
        "base_url": channel,
        "build_number": record["build_number"],
        "build_string": record["build"],
        "channel": name,
        "dist_name": dist,
        "name": record["name"],
        "platform": record["subdir"],
        "version": record["version"],
    }


def pypi(info: pathlib.Path) -> dict[str, Any]:
    """A package that pip or uv put there, as conda shows it."""
    name, version = info.name.removesuffix(".dist-info").rsplit("-", 1)
    return {
        "base_url": "https://conda.invalid/pypi",
        "build_number": 0,
        "build_string": "pypi_0",
        "channel": "pypi",
        "dist_name": f"{name}-{version}-pypi_0",
        "name": name.lower().replace("_", "-"),
        "platform": "pypi",
        "version": version,
    }


def packages(prefix: pathlib.Path) -> list[dict[str, Any]]:
    """What is installed: conda's own records, then what pip or uv added."""
    records = [short(json.loads(path.read_text())) for path in prefix.glob("conda-meta/*.json")]
    infos = prefix.glob("lib/python3*/site-packages/*.dist-info")
    added = [pypi(info) for info in infos if (info / "INSTALLER").read_text().strip() != "conda"]
    return sorted(records + added, key=lambda package: package["name"])


def info(options: argparse.Namespace) -> dict[str, Any]:
    """`conda info --json`, the part of it that programs read."""
    return {
        "channels": [f"{alias()}/conda-forge/{SUBDIR}", f"{alias()}/conda-forge/noarch"],
        "conda_prefix": str(ROOT),
        "conda_version": VERSION,
        "envs": [str(env) for env in environments()],
        "envs_dirs": [str(folder) for folder in envs_dirs()],
        "pkgs_dirs": [str(ROOT / "pkgs"), str(HOME / "pkgs")],
        "platform": SUBDIR,
        "root_prefix": str(ROOT),
        "root_writable": os.access(ROOT / "conda-meta", os.W_OK),
    }


async def link(prefix: pathlib.Path, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Solve and link the specs beside what was asked for before; the prefix changes only when the solve succeeds."""
    sys.path.insert(0, str(ROOT / "lib/rattler"))
    import rattler
    from rattler.exceptions import GatewayError, SolverError

    installed = [rattler.PrefixRecord.from_path(path) for path in sorted(prefix.glob("conda-meta/*.json"))]
    wanted = [rattler.MatchSpec(spec) for spec in options.specs]
    names = {spec.name.normalized for spec in wanted}
    kept = [rattler.MatchSpec(s) for r in installed for s in r.requested_specs if r.name.normalized not in names]
    urls = [name if "://" in name else f"{alias()}/{name}" for name in options.channel or ["conda-forge"]]
    for url in urls:
        if url.startswith("file://") and not pathlib.Path(url.removeprefix("file://")).exists():
            raise CondaError("UnavailableInvalidChannel", f"The channel is not accessible or is invalid: {url}")
    cache = (ROOT if os.access(ROOT / "pkgs", os.W_OK) else HOME) / "pkgs"
    try:
        if options.command == "remove":
            records = [record for record in installed if record.name.normalized not in names]
            kept = [spec for spec in kept if spec.name.normalized not in names]
            wanted = []
        elif options.file:
            records = await locked(options.file, rattler.Gateway(cache_dir=cache))
        elif options.specs:
            records = await rattler.solve(
                sources=[rattler.Channel(url) for url in urls],
                specs=kept + wanted,
                gateway=rattler.Gateway(cache_dir=cache),
                platforms=[SUBDIR, "noarch"],
                locked_packages=installed,
                virtual_packages=rattler.VirtualPackage.detect(),
            )
        else:
            records = []
        plans = changes(prefix, installed, records, cache)
        if not options.dry_run:
            prefix.mkdir(parents=True, exist_ok=True)
            # py-rattler 0.28 hands these to its core as they are, so they must be the core's own objects.
            requested: list[Any] = [spec._match_spec for spec in kept + wanted]
            await rattler.install(records, prefix, cache, show_progress=False, requested_specs=requested)
    except SolverError as error:
        raise CondaError("LibMambaUnsatisfiableError", f"Encountered problems while solving:\n{error}") from error
    except GatewayError as error:
        raise CondaError("CondaHTTPError", f"HTTP 000 CONNECTION FAILED for url <{urls[0]}>\n{error}") from error
    except Exception as error:
        # py-rattler names no kinds of what goes wrong while it downloads and links.
        raise CondaError("CondaMultiError", f"{error!r}") from error
    return plans


async def locked(file: str, gateway: Any) -> list[Any]:
    """The packages of an explicit lock, each from the channel in its address."""
    import rattler

    urls = [line.partition("#")[0] for line in pathlib.Path(file).read_text().splitlines() if "://" in line]
    channels = sorted({url.rsplit("/", 2)[0] for url in urls})
    names = sorted({url.rsplit("/", 1)[1].rsplit("-", 2)[0] for url in urls})
    found = await gateway.query([rattler.Channel(url) for url in channels], [SUBDIR, "noarch"], names, recursive=False)
    return [record for listed in found for record in listed if record.url in urls]


def changes(
    prefix: pathlib.Path, installed: list[Any], records: list[Any], cache: pathlib.Path
) -> dict[str, list[dict[str, Any]]]:
    """What a transaction downloads, links and unlinks."""
    before = {(r.name.normalized, str(r.version), str(r.build)) for r in installed}
    after = {(r.name.normalized, str(r.version), str(r.build)) for r in records}
    old = {package["name"]: package for package in packages(prefix) if package["channel"] != "pypi"}
    fresh = [r for r in map(plain, records) if (r["name"], r["version"], r["build"]) in after - before]
    fetch = [r for r in fresh if not (cache / f"{r['name']}-{r['version']}-{r['build']}").exists()]
    return {"FETCH": fetch, "LINK": list(map(short, fresh)), "UNLINK": [old[name] for name, _, _ in before - after]}


def plain(record: Any) -> dict[str, Any]:
    """A solver's record as the fields that `short` reads."""
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "build_number": record.build_number,
        "channel": record.channel,
        "subdir": str(record.subdir),
        "size": record.size,
    }


def change(options: argparse.Namespace) -> dict[str, Any]:
    """`conda create`, `conda install` and `conda remove --force`."""
    create = options.command == "create"
    prefix = prefix_of(options, create)
    if create and (prefix / "conda-meta/history").exists():
        raise CondaError("CondaValueError", f"prefix already exists: {prefix}")
    actions = asyncio.run(link(prefix, options))
    answer: dict[str, Any] = {"success": True}
    if options.dry_run:
        answer["dry_run"] = True
    if not create and not actions["LINK"] and not actions["UNLINK"]:
        return {**answer, "message": "All requested packages already installed."}
    if not options.dry_run:
        remember(prefix, options.command, options.specs)
    return {**answer, "prefix": str(prefix), "actions": {**actions, "PREFIX": str(prefix)}}


def remember(prefix: pathlib.Path, command: str, specs: list[str]) -> None:
    """Write conda's history, and the prefix into ~/.conda/environments.txt, as conda does."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    with (prefix / "conda-meta/history").open("a") as history:
        verb = "remove" if command == "remove" else "update"
        history.write(f"==> {stamp} <==\n" + (f"# {verb} specs: {json.dumps(specs)}\n" if specs else ""))
    HOME.mkdir(exist_ok=True)
    if prefix not in environments():
        with (HOME / "environments.txt").open("a") as listed:
            listed.write(f"{prefix}\n")


def init(options: argparse.Namespace) -> dict[str, Any]:
    """`conda init bash`: a block in ~/.bashrc, as conda's, that puts the command on the PATH."""
    with (pathlib.Path.home() / ".bashrc").open("a") as file:
        file.write(f'# >>> conda initialize >>>\nexport PATH="{ROOT / "condabin"}:$PATH"\n# <<< conda initialize <<<\n')
    return {"success": True}


def run(options: argparse.Namespace) -> None:
    """`conda run`: the command in the environment."""
    prefix = prefix_of(options)
    path = f"{prefix / 'bin'}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": prefix.name}
    os.execvpe(options.argv[0], options.argv, env)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The part of conda's command line that is used here; anything else is an error."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-n", "--name")
    common.add_argument("-p", "--prefix")
    common.add_argument("--json", action="store_true")
    solving = argparse.ArgumentParser(add_help=False)
    for flags in (("-y", "--yes"), ("-q", "--quiet"), ("-d", "--dry-run"), ("--override-channels",), ("--force",)):
        solving.add_argument(*flags, action="store_true")
    solving.add_argument("-c", "--channel", action="append")
    solving.add_argument("--file")
    solving.add_argument("specs", nargs="*")
    parser = argparse.ArgumentParser(prog="conda", description=__doc__)
    parser.add_argument("-V", "--version", action="version", version=f"conda {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", parents=[common]).set_defaults(answer=info)
    commands.add_parser("list", parents=[common]).set_defaults(answer=lambda given: packages(prefix_of(given)))
    env = commands.add_parser("env").add_subparsers(dest="action", required=True)
    listed = env.add_parser("list", parents=[common])
    listed.set_defaults(answer=lambda given: {"envs": [str(env) for env in environments()]})
    for name in ("create", "install", "remove"):
        commands.add_parser(name, parents=[common, solving]).set_defaults(answer=change)
    starter = commands.add_parser("init", parents=[common])
    starter.add_argument("shell", choices=["bash"])
    starter.set_defaults(answer=init)
    runner = commands.add_parser("run", parents=[common])
    runner.add_argument("argv", nargs=argparse.REMAINDER)
    runner.set_defaults(answer=run)
    return parser.parse_args(arguments)


def main() -> int:
    """Answer in JSON where asked, as conda does: errors too."""
    options = parse(sys.argv[1:])
    try:
        answer = options.answer(options)
    except CondaError as error:
        text = f"{error.name}: {error}"
        kind = f"<class 'conda.exceptions.{error.name}'>"
        answer = {"error": text, "exception_name": error.name, "exception_type": kind, "message": str(error)}
        print(json.dumps(answer, indent=2) if options.json else text, file=sys.stdout if options.json else sys.stderr)
        return 1
    print(json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # py-rattler's threads may abort the interpreter while it shuts down.
    os._exit(code)
