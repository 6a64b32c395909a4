"""Names, histories and who needs whom; each row named by its case."""

from typing import Any

import pytest
from unit.roles_loader import load

graph = load("conda/module_utils/conda_graph.py")

CONDA_NAMES = {
    "numpy": "numpy",
    "numpy=1.26": "numpy",
    "numpy >=1.2,<2": "numpy",
    "numpy>=1.2": "numpy",
    "numpy!=1": "numpy",
    "numpy~=1.2": "numpy",
    "numpy 1.26.* py312_0": "numpy",
    "pytorch::torch-cpu=2": "torch-cpu",
    "conda-forge/linux-64::Numpy": "numpy",
    "python=3.12[build=*_cpython]": "python",
    "https://c.example.org/linux-64/scikit-learn-1.5.0-py312_0.conda#abc": "scikit-learn",
    "_libgcc_mutex 0.1": "_libgcc_mutex",
    "__glibc >=2.17": "__glibc",
    "": "",
}
PIP_NAMES = {
    "torch": "torch",
    "Torch_Vision>=0.1": "torch-vision",
    "ruamel.yaml": "ruamel-yaml",
    "einops[a,b]>=1; python_version > '3'": "einops",
    "pkg @ https://e.example.org/p.whl": "pkg",
    "numpy (>=1.0)": "numpy",
    "x;python_version<'4'": "x",
    "git+https://e.example.org/p": "",
    "--extra-index-url https://e.example.org": "",
    "-e git+https://e.example.org/p": "",
    "": "",
}


@pytest.mark.parametrize(("spec", "name"), CONDA_NAMES.items())
def test_conda_name(spec: str, name: str) -> None:
    assert graph.conda_name(spec) == name


@pytest.mark.parametrize(("requirement", "name"), PIP_NAMES.items())
def test_pip_name(requirement: str, name: str) -> None:
    assert graph.pip_name(requirement) == name


def test_the_history_of_conda() -> None:
    # As conda 26 wrote it.
    history = """==> 2026-11-22 09:11:20 <==
# cmd: /opt/conda/bin/conda install -p /e/dl -y -q --json --override-channels -c conda-forge python=3.11 other small
# conda version: 26.9.0
+conda-forge/linux-64::liba-1.1-0
# update specs: ['python=3.11', 'other', 'small']
==> 2026-11-22 09:12:30 <==
# cmd: /opt/conda/bin/conda remove -p /e/dl -y -q --json small liba
-conda-forge/linux-64::small-1.1-0
# remove specs: ['small', 'liba']
==> 2026-11-22 09:12:35 <==
# update specs: ['small=1.0']
"""
    assert graph.asked_for(history) == {"python", "other", "small"}


def test_the_history_of_mamba_and_a_line_that_was_cut_off() -> None:
    history = '# update specs: ["numpy>=1", "conda-forge::tqdm"]\n# remove specs: ["tqdm"]\n# update specs: ["broke\n# update specs: [1\n'
    assert graph.asked_for(history) == {"numpy"}


def tree(*lines: str) -> list[Any]:
    """`pandas! numpy python`: pandas, asked for by hand, needs numpy and python; `a/b` has two names."""
    found = []
    for line in lines:
        first, *needs = line.split()
        names = frozenset(first.removesuffix("!").split("/"))
        found.append(graph.Package(names, frozenset(needs), first.endswith("!")))
    return found


# Packages, what was declared once, what is declared now; what goes.
LEAVING = {
    "with_what_only_it_needed": (["python!", "big! libb python", "libb"], "python big", "python", "big libb"),
    "needed_by_another": (["python!", "numpy! python", "pandas! numpy"], "python numpy pandas", "python pandas", ""),
    "both_gone": (["python!", "numpy! python", "pandas! numpy"], "python numpy pandas", "python", "numpy pandas"),
    "a_shared_need_stays": (["a! c", "b! c d", "c", "d"], "a b", "a", "b d"),
    "a_pip_package_needs_it": (["numpy!", "einops! numpy", "python!"], "numpy python", "python", ""),
    "by_the_name_that_pypi_knows": (["pytorch/torch! python", "python!", "lightning! torch"], "pytorch python", "python", ""),
    "asked_for_by_hand": (["python!", "scipy! python"], "python", "python", ""),
    "asked_for_by_hand_needs_it": (["python!", "numpy!", "scipy! numpy"], "python numpy", "python", ""),
    "declared_in_the_other_list": (["python!", "einops!"], "python einops", "python einops", ""),
    "not_there_any_more": (["python!"], "python big", "python", ""),
    "a_circle": (["a! b", "b a"], "a", "", "a b"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "ours", "wanted", "expected"), LEAVING.values(), ids=LEAVING)
def test_leaving(lines: list[str], ours: str, wanted: str, expected: str) -> None:
    assert graph.leaving(tree(*lines), set(ours.split()), set(wanted.split())) == set(expected.split())


def test_lock_is_explicit_and_in_order() -> None:
    def record(name: str, *depends: str) -> dict[str, Any]:
        return {
            "name": name,
            "url": f"https://c.example.org/{name}.conda",
            "md5": name[0] * 4,
            "depends": list(depends),
        }

    # https://github.com/sphinx-doc/sphinx/issues/11614
    around = [record("sphinx", "python", "sphinxcontrib-applehelp"), record("sphinxcontrib-applehelp", "sphinx >=5")]
    assert [line[22:-11] for line in graph.lock([*around, record("python")], "linux-64").splitlines()[2:]] == [
        "python",
        "sphinxcontrib-applehelp",
        "sphinx",
    ]
    held = [
        record("numpy", "python >=3", "libblas 3.*"),
        record("libblas"),
        record("python", "pip"),
        record("pip", "python", "__unix"),
    ]
    assert graph.lock(held, "linux-64").splitlines() == [
        "# platform: linux-64",
        "@EXPLICIT",
        "https://c.example.org/libblas.conda#llll",
        "https://c.example.org/python.conda#pppp",
        "https://c.example.org/numpy.conda#nnnn",
        "https://c.example.org/pip.conda#pppp",
    ]
