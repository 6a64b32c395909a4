"""Checks the NVIDIA GPUs of this machine: `dlbox-cuda-check` shows a table, and writes a report as JSON."""
