"""Two runs of a training, as TensorBoard's own writer writes them."""

import math

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

for run, speed in (("adam", 0.06), ("sgd", 0.03)):
    writer = EventFileWriter(f"/home/ubuntu/data/runs/{run}")
    for step in range(100):
        loss = 2.3 * math.exp(-speed * step) + 0.08 * math.sin(step) ** 2
        values = [
            Summary.Value(tag="train/loss", simple_value=loss),
            Summary.Value(tag="train/accuracy", simple_value=1 - loss / 2.6),
        ]
        writer.add_event(Event(step=step, wall_time=1.7e9 + step, summary=Summary(value=values)))
    writer.close()
