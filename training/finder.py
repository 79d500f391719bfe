"""Trains the finder: boxes of figures, heads and faces, by their centres (Zhou, Wang & Kraehenbuehl 2019, CenterNet).

    python finder.py SET OUT [--steps N] [--batch N] [--seed N] [--device cuda]

Writes OUT/finder.onnx and OUT/finder.json (figures on pictures whose line styles were held out, and on held-out pictures
treated with styles beyond the training's).
"""

import json
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

from pictures import CLASSES, HEIGHT, MOST_FIGURES, WIDTH, begun, sample, treat, uniform

SIZE, STRIDE = 256, 4
GRID = SIZE // STRIDE


def convolution(inside, outside, stride=1, groups=1, kernel=3):
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
    )


class Block(nn.Module):
    """Depthwise and pointwise, with the way around it."""

    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            convolution(width, width, groups=width, kernel=5), nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x):
        return F.relu(x + self.body(x))


class Finder(nn.Module):
    """256 x 256 in (RGB, 0 to 1), grids of 64 x 64 out: centres (3), sizes (6: log width and height by class), shifts (2)."""

    def __init__(self, widths=(16, 32, 64, 96, 128)):
        super().__init__()
        a, b, c, d, e = widths
        self.first = convolution(3, a, 2)
        self.to4 = nn.Sequential(convolution(a, b, 2), Block(b), Block(b))
        self.to8 = nn.Sequential(convolution(b, c, 2), Block(c), Block(c))
        self.to16 = nn.Sequential(convolution(c, d, 2), Block(d), Block(d), Block(d))
        self.to32 = nn.Sequential(convolution(d, e, 2), Block(e), Block(e), Block(e))
        self.from32 = convolution(e, d, kernel=1)
        self.from16 = convolution(d, c, kernel=1)
        self.from8 = convolution(c, b, kernel=1)
        self.mix16, self.mix8 = Block(d), Block(c)
        self.mix4 = nn.Sequential(Block(b), convolution(b, c, kernel=1), Block(c))
        self.centres = nn.Conv2d(c, 3, 1)
        self.sizes = nn.Conv2d(c, 6, 1)
        self.shifts = nn.Conv2d(c, 2, 1)
        nn.init.constant_(self.centres.bias, -4.0)

    def forward(self, images):
        x = (images - 0.5) * 4
        x4 = self.to4(self.first(x))
        x8 = self.to8(x4)
        x16 = self.to16(x8)
        x32 = self.to32(x16)
        up = lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest")
        y = self.mix16(x16 + up(self.from32(x32)))
        y = self.mix8(x8 + up(self.from16(y)))
        y = self.mix4(x4 + up(self.from8(y)))
        return self.centres(y), self.sizes(y), self.shifts(y)


def windows(count, generator, wild):
    """Where to cut: the whole picture in a square as it will be used, or a part of it, or one smaller in a wider frame."""
    device = generator.device
    side = torch.full((count,), float(WIDTH), device=device)
    middle = torch.tensor([WIDTH / 2, HEIGHT / 2], device=device).expand(count, 2).clone()
    if wild:
        zoomed = torch.rand(count, generator=generator, device=device) < 0.75
        side = torch.where(zoomed, WIDTH * torch.exp(uniform(generator, -1.1, 0.35, count)), side)
        shift = uniform(generator, -0.5, 0.5, count, 2) * (torch.tensor([WIDTH, HEIGHT], device=device) * 0.7)
        middle = torch.where(zoomed[:, None], middle + shift, middle)
    half = side[:, None] / 2
    return torch.cat([middle - half, middle + half], 1)


def moved(boxes, windows, flip):
    """Boxes (N x F x C x 4) in pixels of the cut (0 to SIZE), and whether enough of them is inside of it."""
    scale = SIZE / (windows[:, 2] - windows[:, 0])
    origin = windows[:, :2][:, None, None]
    whole = (boxes - torch.cat([origin, origin], -1)) * scale[:, None, None, None]
    mirrored = torch.stack([SIZE - whole[..., 2], whole[..., 1], SIZE - whole[..., 0], whole[..., 3]], -1)
    whole = torch.where(flip[:, None, None, None], mirrored, whole)
    cut = whole.clamp(0, SIZE)
    area = lambda b: (b[..., 2] - b[..., 0]).clamp(min=0) * (b[..., 3] - b[..., 1]).clamp(min=0)
    seen = (boxes[..., 2] > 0) & (area(cut) > 0.35 * area(whole)) & (area(cut) > 36)
    return cut, seen


def targets(boxes, seen):
    """The grids that the network should give."""
    count, device = len(boxes), boxes.device
    axis = torch.arange(GRID, device=device) + 0.5
    heat = torch.zeros(count, 3, GRID, GRID, device=device)
    sizes = torch.zeros(count, 6, GRID, GRID, device=device)
    shifts = torch.zeros(count, 2, GRID, GRID, device=device)
    mask = torch.zeros(count, 3, GRID, GRID, device=device)
    rows = torch.arange(count, device=device)
    for figure in range(MOST_FIGURES):
        for kind in range(3):
            box, real = boxes[:, figure, kind] / STRIDE, seen[:, figure, kind]
            middle = (box[:, :2] + box[:, 2:]) / 2
            extent = (box[:, 2:] - box[:, :2]).clamp(min=0.25)
            spread = (extent * 0.12).clamp(min=0.7)
            bump = lambda place: torch.exp(-((axis - middle[:, place, None]) ** 2) / (2 * spread[:, place, None] ** 2))
            bumps = bump(1)[:, :, None] * bump(0)[:, None, :] * real[:, None, None]
            heat[:, kind] = torch.maximum(heat[:, kind], bumps)
            cell = middle.floor().long().clamp(0, GRID - 1)
            y, x, chosen = cell[:, 1][real], cell[:, 0][real], rows[real]
            heat[chosen, kind, y, x] = 1
            mask[chosen, kind, y, x] = 1
            sizes[chosen, kind * 2, y, x] = extent[real, 0].log()
            sizes[chosen, kind * 2 + 1, y, x] = extent[real, 1].log()
            shifts[chosen, 0, y, x] = middle[real, 0] - cell[real, 0] - 0.5
            shifts[chosen, 1, y, x] = middle[real, 1] - cell[real, 1] - 0.5
    return heat, sizes, shifts, mask


def loss_of(outputs, aims):
    (centres, sizes, shifts), (heat, size, shift, mask) = outputs, aims
    probability = centres.float().sigmoid().clamp(1e-4, 1 - 1e-4)
    hit = heat == 1
    focal = torch.where(
        hit, (1 - probability) ** 2 * probability.log(), (1 - heat) ** 4 * probability**2 * (1 - probability).log()
    )
    count = mask.sum().clamp(min=1)
    by_size = mask.repeat_interleave(2, 1)
    any_class = mask.amax(1, keepdim=True)
    return (
        -focal.sum() / count
        + 0.5 * ((sizes.float() - size).abs() * by_size).sum() / count
        + 0.5 * ((shifts.float() - shift).abs() * any_class).sum() / count
    )


def decode(outputs, least):
    """Boxes of each picture: lists of (class, probability, left, top, right, bottom) in pixels of the cut."""
    centres, sizes, shifts = (output.float().cpu() for output in outputs)
    probability = centres.sigmoid()
    peaks = (F.max_pool2d(probability, 3, 1, 1) == probability) & (probability >= least)
    found = [[] for _ in range(len(probability))]
    for row, kind, y, x in peaks.nonzero().tolist():
        width, height = sizes[row, kind * 2 : kind * 2 + 2, y, x].exp().tolist()
        across, down = x + 0.5 + shifts[row, 0, y, x].item(), y + 0.5 + shifts[row, 1, y, x].item()
        box = [(across - width / 2) * STRIDE, (down - height / 2) * STRIDE, (across + width / 2) * STRIDE, (down + height / 2) * STRIDE]
        found[row].append((kind, probability[row, kind, y, x].item(), *box))
    return found


def overlap(one, other):
    inner = max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(0, min(one[3], other[3]) - max(one[1], other[1]))
    area = lambda b: (b[2] - b[0]) * (b[3] - b[1])
    return inner / max(1e-6, area(one) + area(other) - inner)


def measured(found, boxes, seen, least, needed=0.5):
    """Precision and recall by class at a probability, each box matched once, best first."""
    counts = [[0, 0, 0] for _ in CLASSES]
    for row, answers in enumerate(found):
        for kind in range(3):
            asked = [boxes[row, f, kind].tolist() for f in range(MOST_FIGURES) if seen[row, f, kind]]
            counts[kind][2] += len(asked)
            for answer in sorted((a for a in answers if a[0] == kind and a[1] >= least), key=lambda a: -a[1]):
                counts[kind][1] += 1
                best = max(asked, key=lambda box: overlap(answer[2:], box), default=None)
                if best is not None and overlap(answer[2:], best) >= needed:
                    asked.remove(best)
                    counts[kind][0] += 1
    return {
        name: {"precision": round(hit / max(1, given), 4), "recall": round(hit / max(1, asked), 4), "boxes": asked}
        for name, (hit, given, asked) in zip(CLASSES, counts)
    }


def main():
    options, device, generator, data = begun(steps=3000, seconds=150, batch=192)
    test = data.held_out.nonzero().flatten().to(device)
    train = (~data.held_out).nonzero().flatten().to(device)
    network = Finder().to(device)
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    began, steps = time.time(), options.steps
    step = 0
    while step < steps:
        share = step / steps
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * (0.02 + 0.98 * (1 - share))
        rows = train[torch.randint(len(train), (options.batch,), generator=generator, device=device)]
        where = windows(options.batch, generator, True)
        images = treat(sample(data.pixels[rows], where, SIZE), generator, 1.0)
        flip = torch.rand(options.batch, generator=generator, device=device) < 0.5
        images = torch.where(flip[:, None, None, None], images.flip(-1), images)
        boxes, seen = moved(data.boxes[rows], where, flip)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            outputs = network(images)
        loss = loss_of(outputs, targets(boxes, seen))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        step += 1
        if step == 60:
            # As many steps as the time allows, so that the rate falls to its end; said in the figures.
            pace = (time.time() - began) / step
            steps = max(step + 1, min(steps, int(options.seconds / pace)))
        if step % 100 == 0 or step == steps:
            print(f"finder step {step}/{steps} loss {loss.item():.3f} {time.time() - began:.0f} s", flush=True)
    network.eval()
    figures = {"seed": options.seed, "steps": steps, "batch": options.batch, "parameters": sum(p.numel() for p in network.parameters())}
    figures["pictures"] = len(train)
    checks = test[:2000]
    for name, wild in (("held-out lines", False), ("held-out lines, treated and cut", True)):
        found, all_boxes, all_seen = [], [], []
        for start in range(0, len(checks), 100):
            rows = checks[start : start + 100]
            where = windows(len(rows), generator, wild)
            images = sample(data.pixels[rows], where, SIZE)
            images = treat(images, generator, 1.0) if wild else images
            boxes, seen = moved(data.boxes[rows], where, torch.zeros(len(rows), dtype=torch.bool, device=device))
            with torch.no_grad():
                found += decode(network(images), 0.2)
            all_boxes.append(boxes.cpu())
            all_seen.append(seen.cpu())
        boxes, seen = torch.cat(all_boxes), torch.cat(all_seen)
        figures[name] = {str(least): measured(found, boxes, seen, least) for least in (0.3, 0.4, 0.5)}
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "finder.json").write_text(json.dumps(figures, indent=1) + "\n")
    torch.onnx.export(
        network.cpu(), torch.zeros(1, 3, SIZE, SIZE), out / "finder.onnx", input_names=["pictures"],
        output_names=["centres", "sizes", "shifts"], opset_version=17, dynamo=False,
    )
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
