"""Builds the rehearsal's tiny conda channel: the image's own Python, and a few real wheels as conda packages."""

import bz2
import hashlib
import io
import json
import pathlib
import tarfile
import zipfile
from typing import Any, NamedTuple


class File(NamedTuple):
    """One file of a package: its path in the prefix, and its bytes or the target of its link."""

    path: str
    content: bytes = b""
    link: str = ""


def python_package(version: str) -> tuple[dict[str, Any], list[File]]:
    """A `python` that links the image's interpreter; pyvenv.cfg gives the environment a prefix of its own."""
    minor = ".".join(version.split(".")[:2])
    config = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {version}\n"
    files = [
        File("pyvenv.cfg", config.encode()),
        File(f"bin/python{minor}", link=f"/usr/bin/python{minor}"),
        File("bin/python3", link=f"python{minor}"),
        File("bin/python", link=f"python{minor}"),
    ]
    return {"name": "python", "version": version, "depends": []}, files


def wheel_package(wheel: pathlib.Path, minor: str) -> tuple[dict[str, Any], list[File]]:
    """A wheel as a conda package: its files under site-packages, marked as installed by conda."""
    name, version = wheel.name.split("-")[:2]
    site = f"lib/python{minor}/site-packages"
    with zipfile.ZipFile(wheel) as archive:
        names = [entry for entry in archive.namelist() if not entry.endswith("/")]
        files = [File(f"{site}/{entry}", archive.read(entry)) for entry in names]
    files.append(File(f"{site}/{name}-{version}.dist-info/INSTALLER", b"conda\n"))
    index = {"name": name.lower().replace("_", "-"), "version": version, "depends": [f"python {minor}.*"]}
    return index, files


def pack(index: dict[str, Any], files: list[File]) -> bytes:
    """The package as conda's .tar.bz2, with the info/ that conda-build writes."""
    entries = [
        {
            "_path": file.path,
            "path_type": "softlink" if file.link else "hardlink",
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "size_in_bytes": len(file.content),
        }
        for file in files
    ]
    info = {"info/index.json": index, "info/paths.json": {"paths": entries, "paths_version": 1}}
    meta = [File(path, json.dumps(value).encode()) for path, value in info.items()]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in meta + files:
            entry = tarfile.TarInfo(file.path)
            entry.mode, entry.size = 0o644, len(file.content)
            if file.link:
                entry.type, entry.linkname = tarfile.SYMTYPE, file.link
            archive.addfile(entry, io.BytesIO(file.content))
    return bz2.compress(buffer.getvalue(), 1)


def write(folder: pathlib.Path, subdir: str, packages: list[tuple[dict[str, Any], list[File]]]) -> None:
    """Write the packages and the repodata.json that a solver reads."""
    records = {}
    (folder / subdir).mkdir(parents=True, exist_ok=True)
    for short, files in packages:
        index = {**short, "build": "0", "build_number": 0, "subdir": subdir}
        data = pack(index, files)
        filename = f"{index['name']}-{index['version']}-0.tar.bz2"
        (folder / subdir / filename).write_bytes(data)
        sums = {"sha256": hashlib.sha256(data).hexdigest(), "md5": hashlib.md5(data, usedforsecurity=False).hexdigest()}
        records[filename] = {**index, **sums, "size": len(data)}
    for name, content in ((subdir, records), ("noarch", {})):
        (folder / name).mkdir(exist_ok=True)
        repodata = {"info": {"subdir": name}, "packages": content, "packages.conda": {}, "repodata_version": 1}
        (folder / name / "repodata.json").write_text(json.dumps(repodata))
