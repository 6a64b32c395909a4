"""A headless Chromium in a home of its own, which trusts one box's authority as a user would add it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver

FLAGS = (
    "--headless=new",
    "--window-size=1400,900",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-dev-shm-usage",
    # Nothing that Chromium would fetch for itself.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
)
NEEDED = {"chromium": "chromium", "chromedriver": "chromium-driver", "certutil": "libnss3-tools"}


def trust(home: pathlib.Path, ca: pathlib.Path) -> None:
    """Add an authority to the home's certificate store, where Chromium looks for the user's own."""
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "dlbox", "-i", ca], check=True)


@contextmanager
def browser(home: pathlib.Path) -> Iterator[webdriver.Chrome]:
    """A Chromium that lives in the given home, closed at the end."""
    missing = [package for command, package in NEEDED.items() if shutil.which(command) is None]
    if missing:
        raise RuntimeError(f"The browser test needs {', '.join(missing)}: install them with apt.")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    # Chromium's sandbox refuses to run for root.
    for flag in (*FLAGS, f"--user-data-dir={home / 'profile'}", *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(flag)
    service = webdriver.ChromeService(shutil.which("chromedriver"), env={**os.environ, "HOME": str(home)})
    driver = webdriver.Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()
