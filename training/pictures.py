"""The generated training set on one device, and what augmentation does to it.

`benches training-set` writes it: pictures.bin (320 x 180 x 3 bytes each) and labels.jsonl. Everything random comes from a
torch.Generator that is given in, so the same seed trains the same network on the same machine.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

WIDTH, HEIGHT = 320, 180
MOST_FIGURES = 3
#: Classes of boxes, in the order of every tensor: figure, head, face.
CLASSES = ("figure", "head", "face")


class Pictures:
    """All pictures and boxes as tensors."""

    def __init__(self, folder, device):
        folder = Path(folder)
        raw = np.fromfile(folder / "pictures.bin", dtype=np.uint8)
        # A set that is not written to its end has as many pictures as are whole.
        count = min(raw.size // (WIDTH * HEIGHT * 3), (folder / "labels.jsonl").read_bytes().count(b"\n"))
        lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text().split("\n")[:count]]
        self.pixels = torch.from_numpy(raw[: count * WIDTH * HEIGHT * 3]).view(len(lines), HEIGHT, WIDTH, 3).to(device)
        boxes = np.full((len(lines), MOST_FIGURES, len(CLASSES), 4), -1, dtype=np.float32)
        who = np.full((len(lines), MOST_FIGURES), -1, dtype=np.int64)
        for row, line in enumerate(lines):
            for place, figure in enumerate(line["figures"][:MOST_FIGURES]):
                who[row, place] = figure["character"]
                for kind, name in enumerate(CLASSES):
                    if figure[name] is not None:
                        boxes[row, place, kind] = figure[name]
        self.boxes = torch.from_numpy(boxes).to(device)
        self.who = torch.from_numpy(who).to(device)
        self.held_out = torch.tensor([line["held_out"] for line in lines])


def begun(steps, seconds, batch):
    """The command line of a training, and what it starts from: options, device, generator, pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("set")
    parser.add_argument("out")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    device = torch.device(options.device)
    generator = torch.Generator(device=device).manual_seed(options.seed)
    return options, device, generator, Pictures(options.set, device)


def uniform(generator, low, high, *shape):
    return torch.rand(*shape, generator=generator, device=generator.device) * (high - low) + low


def sample(pixels, windows, size):
    """Cuts windows (N x 4: left, top, right, bottom in pixels, may lie outside) to size x size; outside is mid grey."""
    count = len(windows)
    axis = (torch.arange(size, device=pixels.device) + 0.5) / size
    x = windows[:, 0:1] + axis * (windows[:, 2:3] - windows[:, 0:1])
    y = windows[:, 1:2] + axis * (windows[:, 3:4] - windows[:, 1:2])
    grid = torch.stack(
        [(x * 2 / WIDTH - 1)[:, None, :].expand(count, size, size), (y * 2 / HEIGHT - 1)[:, :, None].expand(count, size, size)], -1
    )
    images = pixels.permute(0, 3, 1, 2).float() / 255 - 0.5
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + 0.5


def some(images, changed, share, generator):
    """`changed` for a share of the images, the images themselves for the rest."""
    chosen = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < share
    return torch.where(chosen, changed, images)


def treat(images, generator, colours):
    """Style, line, light and wear of pictures (N x 3 x S x S in 0..1). `colours` is how far hues may go: 1 anywhere."""
    count = len(images)
    # Light: gamma, gain by channel, contrast.
    gain = uniform(generator, 1 - 0.35 * colours, 1 + 0.35 * colours, count, 3, 1, 1)
    images = (images.clamp(1e-4, 1) ** uniform(generator, 1 - 0.4 * colours, 1 + 0.6 * colours, count, 1, 1, 1)) * gain
    images = some(images, (images - 0.5) * uniform(generator, 0.6, 1.3, count, 1, 1, 1) + 0.5, 0.4, generator).clamp(0, 1)
    if colours >= 1:
        # Any hue: channels change places; some pictures lose their colour altogether.
        order = torch.rand(count, 3, generator=generator, device=images.device).argsort(1)
        images = some(images, images.gather(1, order[:, :, None, None].expand_as(images)), 0.4, generator)
        images = some(images, images.mean(1, keepdim=True).expand_as(images), 0.15, generator)
        # Lines alone, dark on light, as a pencil drawing has them.
        grey = images.mean(1, keepdim=True)
        edges = grey - F.avg_pool2d(grey, 5, 1, 2)
        images = some(images, (1 + 4 * edges.clamp(max=0)).clamp(0, 1).expand_as(images), 0.12, generator)
        # Fewer tones.
        steps = uniform(generator, 3, 8, count, 1, 1, 1)
        images = some(images, (images * steps).round() / steps, 0.1, generator)
    # Soft shading across the picture, as painted light has it.
    field = F.interpolate(uniform(generator, -0.25, 0.25, count, 3, 4, 4), images.shape[-2:], mode="bilinear")
    images = some(images, (images + field * max(colours, 0.3)).clamp(0, 1), 0.4, generator)
    # Wear: blur, blocks, noise.
    images = some(images, F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1), 0.3, generator)
    half = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2, mode="nearest")
    images = some(images, half, 0.1, generator)
    noise = torch.randn(images.shape, generator=generator, device=images.device) * 0.04
    images = some(images, images + noise, 0.3, generator)
    # Something in front of it.
    size = images.shape[-1]
    axis = torch.arange(size, device=images.device)
    corner = uniform(generator, 0, size, count, 2)
    side = uniform(generator, 0.05 * size, 0.25 * size, count, 2)
    covers = lambda place: ((axis >= corner[:, place, None]) & (axis < corner[:, place, None] + side[:, place, None]))
    patch = covers(1)[:, None, :, None] & covers(0)[:, None, None, :]
    covered = torch.where(patch, uniform(generator, 0, 1, count, 3, 1, 1), images)
    return some(images, covered, 0.2, generator).clamp(0, 1)
