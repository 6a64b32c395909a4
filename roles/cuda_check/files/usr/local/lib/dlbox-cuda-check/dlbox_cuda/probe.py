"""Asks an environment's torch, in that environment's own interpreter. Prints JSON in its last line.

Runs by itself, in whatever Python the environment has.
"""

from __future__ import annotations

import json
import math
from typing import Any

SIZE = 256


def short(error: Exception) -> str:
    """An error in one line."""
    return (" ".join(str(error).split()) or type(error).__name__)[:200]


def product(torch: Any, device: str) -> float:
    """How far a product on a GPU is off the CPU's, in parts of the largest number in it."""
    torch.manual_seed(0)
    one, two = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    right = one.double() @ two.double()
    got = (one.to(device) @ two.to(device)).cpu().double()
    return float((got - right).abs().max() / right.abs().max())


def convolution(torch: Any, device: str) -> None:
    """Compare a small convolution, which takes cuDNN, with the CPU's."""
    image, kernel = torch.randn(1, 3, 16, 16), torch.randn(4, 3, 3, 3)
    got = torch.nn.functional.conv2d(image.to(device), kernel.to(device)).cpu()
    off = float((got - torch.nn.functional.conv2d(image, kernel)).abs().max())
    # cuDNN takes TF32 unless told otherwise: 27 products of some 1e-3 each.
    if not off < 0.1:
        raise ValueError(f"off the CPU's result by {off:.1e}")


def gpu(torch: Any, index: int) -> dict[str, Any]:
    """One GPU: its name, capability, and whether it computes."""
    device = f"cuda:{index}"
    found = {"name": torch.cuda.get_device_name(index), "capability": list(torch.cuda.get_device_capability(index))}
    try:
        error = product(torch, device)
        # JSON has no word for what is no number.
        return (
            dict(found, error=error, failed="")
            if math.isfinite(error)
            else dict(found, error=None, failed="the result is no number")
        )
    except Exception as error:
        return dict(found, error=None, failed=short(error))


def look() -> dict[str, Any]:
    """What this environment's torch says."""
    try:
        import torch
    except Exception as error:
        return {"error": "import torch failed: " + short(error)}
    available = torch.cuda.is_available()
    said = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "available": available,
        "why": "",
        "cudnn_failed": "",
    }
    if not available and torch.version.cuda:
        try:
            torch.cuda.init()
        except Exception as error:
            said["why"] = short(error)
    if available:
        torch.backends.cuda.matmul.allow_tf32 = False
    said["arches"] = torch.cuda.get_arch_list() if available else []
    said["devices"] = [gpu(torch, index) for index in range(torch.cuda.device_count())] if available else []
    version = torch.backends.cudnn.version() if available else None
    # 8902 is 8.9.2, and from 9 on 90100 is 9.1.0.
    step = 10000 if version and version >= 90000 else 1000
    said["cudnn"] = f"cuDNN {version // step}.{version % step // 100}.{version % 100}" if version else ""
    if version and said["devices"] and not said["devices"][0]["failed"]:
        try:
            convolution(torch, "cuda:0")
        except Exception as error:
            said["cudnn_failed"] = short(error)
    return said


if __name__ == "__main__":
    print("\n" + json.dumps(look()))
