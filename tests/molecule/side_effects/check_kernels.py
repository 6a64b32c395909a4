"""The Deep Learning AMI's /opt/pytorch, for which a plain venv stands: a kernel in it, and not one file changed."""

from runs import box, configure, ssh

PYTORCH = "/opt/pytorch"
LAUNCHED = "import json, sys; print(sys.prefix, sys.path[-1], sorted(k for k in __import__('os').environ if k == 'PYTHONPATH'))"


def picture() -> str:
    """Every file of it, in one number; bytecode aside."""
    return ssh(f"cd {PYTORCH} && find . -type f -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum")


def test_a_kernel_without_changing_the_environment() -> None:
    ssh(f"sudo /opt/dlbox/uv/bin/uv venv -q --python /usr/bin/python3 {PYTORCH}")
    before = picture()
    assert configure("jupyter")
    prefix, last, variables = box().run("venv-pytorch", LAUNCHED).split()
    assert (prefix, variables) == (PYTORCH, "[]")
    assert last.startswith("/opt/dlbox/kernels/pytorch-python3.")
    # What a notebook starts is the environment as it is.
    assert "No module named" in box().run("venv-pytorch", "!python -c 'import ipykernel' 2>&1")
    assert picture() == before
    assert not configure("jupyter")


def test_its_own_ipykernel_is_used_once_there_is_one() -> None:
    ssh(f"sudo /opt/dlbox/uv/bin/uv pip install -q --system-certs --python {PYTORCH}/bin/python ipykernel")
    before = picture()
    assert configure("jupyter")
    assert "/opt/dlbox" not in box().run("venv-pytorch", "import sys; print(sys.path)")
    assert picture() == before
    ssh(f"sudo rm -r {PYTORCH}")
    assert configure("jupyter")
