"""Makes the scenario's packages: a channel `extra` of small conda packages, and an index of one wheel."""

import os
import pathlib
import random
import sys
import zipfile

from rehearsal.conda import channel, setup

MIB = 2**20


def package(name: str, version: str, *needs: str, size: int = 0) -> tuple[dict[str, object], list[channel.File]]:
    """A package of one file, which holds its version and so many bytes that cannot be packed."""
    content = version.encode() + random.Random(name).randbytes(size)
    return {"name": name, "version": version, "depends": list(needs)}, [channel.File(f"share/{name}", content)]


def wheel(folder: pathlib.Path, name: str, version: str) -> None:
    """A wheel of one module, and the index page that offers it."""
    info, page = f"{name}-{version}.dist-info", folder / "simple" / name
    page.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(page / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    (page / "index.html").write_text(f'<a href="{name}-{version}-py3-none-any.whl">{name}</a>')


def main() -> None:
    """Write the mirror's folder."""
    folder = pathlib.Path(sys.argv[1])
    packages = [
        package("lib", "1.0"),
        package("lib", "1.1"),
        package("part", "1.0"),
        package("tool", "1.0", "python", "lib", "part"),
        package("other", "1.0", "lib >=1.0"),
        package("slow", "1.0", "lib"),
        package("large", "1.0", size=16 * MIB),
    ]
    channel.write(folder / "conda/extra", setup.SUBDIRS[os.uname().machine], packages)
    wheel(folder, "mirrored", "1.0")
    wheel(folder, "slowwheel", "1.0")


if __name__ == "__main__":
    main()
