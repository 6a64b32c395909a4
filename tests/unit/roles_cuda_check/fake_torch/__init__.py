"""As much of torch as the check asks, on GPUs that scenario.json beside it describes; numbers stand for tensors."""

import json
import pathlib
import time
from types import SimpleNamespace

SAID = {"hang": 0, "why": "", **json.loads((pathlib.Path(__file__).parent / "scenario.json").read_text())}
__version__ = SAID["torch"]
version = SimpleNamespace(cuda=SAID["cuda"])
DEVICES = SAID["devices"]
time.sleep(SAID["hang"])


class Tensor:
    """A number on a device; a product there is off by what the scenario says."""

    def __init__(self, value: float, device: str = "cpu") -> None:
        self.value, self.device = value, device

    def to(self, device: str) -> "Tensor":
        if refused := DEVICES[int(device.partition(":")[2])].get("refuses"):
            raise RuntimeError(refused)
        return Tensor(self.value, device)

    def cpu(self) -> "Tensor":
        return Tensor(self.value)

    def double(self) -> "Tensor":
        return self

    def abs(self) -> "Tensor":
        return Tensor(abs(self.value))

    def max(self) -> "Tensor":
        return self

    def __float__(self) -> float:
        return self.value

    def __sub__(self, other: "Tensor") -> "Tensor":
        return Tensor(self.value - other.value)

    def __truediv__(self, other: "Tensor") -> "Tensor":
        return Tensor(self.value / other.value)

    def __matmul__(self, other: "Tensor") -> "Tensor":
        assert self.device == other.device
        off = 0.0 if self.device == "cpu" else float(DEVICES[int(self.device.partition(":")[2])]["off"])
        return Tensor(1.0 + off, self.device)


def manual_seed(seed: int) -> None:
    """Nothing is random here."""


def randn(*shape: int) -> Tensor:
    """Some number."""
    return Tensor(0.5)


def init() -> None:
    """Raises what torch raises where there is no GPU for it."""
    raise RuntimeError(SAID["why"])


def conv2d(image: Tensor, kernel: Tensor) -> Tensor:
    """A convolution; cuDNN's own may fail."""
    if image.device != "cpu" and SAID.get("cudnn_fails"):
        raise RuntimeError(SAID["cudnn_fails"])
    return Tensor(1.0)


cuda = SimpleNamespace(
    is_available=lambda: bool(DEVICES),
    init=init,
    # Like torch's own: it names no architecture where it finds no GPU.
    get_arch_list=lambda: SAID["arches"] if DEVICES else [],
    device_count=lambda: len(DEVICES),
    get_device_name=lambda index: DEVICES[index]["name"],
    get_device_capability=lambda index: tuple(DEVICES[index]["capability"]),
)
backends = SimpleNamespace(
    cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=True)), cudnn=SimpleNamespace(version=lambda: SAID["cudnn"])
)
nn = SimpleNamespace(functional=SimpleNamespace(conv2d=conv2d))
