"""Conda for the rehearsal: no conda binary can be had from PyPI or Debian, so the machine image gets a small one."""

from .setup import install

__all__ = ["install"]
