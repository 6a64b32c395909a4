"""Trains a small network on the GPU, or on the CPU where there is none, and saves what came out in the data folder.

In a terminal: `python train.py`, in an environment that has torch; `--steps 2000` trains longer. It is yours: change it.
"""

import argparse
import json
import pathlib
import sys
import time

try:
    import torch
except ImportError:
    torch = None

DATA = pathlib.Path.home() / "data"
WITHOUT_TORCH = """This environment has no torch. Do one of these:
- if the launcher shows a kernel "Python (pytorch)", take that one; in a terminal: /opt/pytorch/bin/python train.py
- on your own machine, write  pip: [torch]  into the environment in group_vars/all.yml and run: ansible-playbook site.yml --tags conda
- only to try, in a notebook: %pip install torch"""


def check():
    """Say what it will train on: "cuda", "cpu", or nothing where torch is missing."""
    if torch is None:
        print(WITHOUT_TORCH)
        return None
    if not torch.cuda.is_available():
        print(f"torch {torch.__version__} sees no GPU and trains on the CPU; on a GPU box `dlbox-cuda-check` says why")
        return "cpu"
    memory = torch.cuda.get_device_properties(0).total_memory / 2**30
    print(
        f"torch {torch.__version__} with CUDA {torch.version.cuda}: {torch.cuda.get_device_name(0)}, {memory:.0f} GiB"
    )
    return "cuda"


def spirals(count, device):
    """Points of two spirals, and which spiral each one is of."""
    turn = torch.rand(count, device=device) * 3 + 0.3
    label = torch.randint(0, 2, (count,), device=device)
    angle = turn * 3.14 + label * 3.14
    points = torch.stack([turn * torch.cos(angle), turn * torch.sin(angle)], dim=1)
    return points + 0.05 * torch.randn_like(points), label


def fit(steps=500, batch=1024, device=None):
    """Train to tell the spirals apart; the model, and what came out."""
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    layers = [
        torch.nn.Linear(2, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 2),
    ]
    model = torch.nn.Sequential(*layers).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    started, losses = time.time(), []
    for step in range(1, steps + 1):
        points, label = spirals(batch, device)
        loss = torch.nn.functional.cross_entropy(model(points), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % max(1, steps // 5) == 0:
            print(f"step {step:5d}  loss {losses[-1]:.4f}")
    with torch.no_grad():
        points, label = spirals(10_000, device)
        right = (model(points).argmax(dim=1) == label).float().mean().item()
    seconds = time.time() - started
    print(f"{right:.1%} right on points that it has not seen, after {seconds:.1f} s on {device}")
    return model, {"device": str(device), "steps": steps, "accuracy": right, "seconds": seconds, "losses": losses}


def save(model, result, folder=DATA / "starter"):
    """Keep the weights and what came out; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"saved model.pt and result.json in {folder}")
    return folder


def main():
    """Check, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--out", type=pathlib.Path, default=DATA / "starter")
    given = parser.parse_args()
    if check() is None:
        sys.exit(1)
    save(*fit(given.steps), given.out)


if __name__ == "__main__":
    main()
