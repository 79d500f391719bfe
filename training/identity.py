"""Trains the identity embedder: pictures of one character near each other, of colour-alikes far apart (CosFace, Wang et al. 2018).

    python identity.py SET OUT [--steps N] [--batch N] [--seed N] [--device cuda]

Writes OUT/identity.onnx and OUT/identity.json. Every tenth group of colour-alikes is held out.
"""

import json
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

from finder import Block, convolution
from pictures import begun, sample, treat, uniform

SIZE, WIDTH = 128, 128
ALIKE = 3


class Identity(nn.Module):
    """128 x 128 in (RGB, 0 to 1, one figure), 128 numbers of length 1 out."""

    def __init__(self, widths=(24, 48, 96, 160)):
        super().__init__()
        a, b, c, d = widths
        self.body = nn.Sequential(
            convolution(3, a, 2), Block(a), convolution(a, b, 2), Block(b), Block(b), convolution(b, c, 2), Block(c), Block(c), Block(c),
            convolution(c, d, 2), Block(d), Block(d),
        )
        self.last = nn.Linear(2 * d, WIDTH)

    def forward(self, images):
        x = self.body((images - 0.5) * 4)
        x = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        return F.normalize(self.last(x), dim=1)


def windows(boxes, generator, wild):
    """A square around each figure with a margin; wild ones hold more or less of it."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = (boxes[:, 2:] - boxes[:, :2]).amax(1) * 1.1
    if wild:
        side = side * torch.exp(uniform(generator, -0.35, 0.2, len(boxes)))
        middle = middle + uniform(generator, -0.12, 0.12, len(boxes), 2) * side[:, None]
        middle[:, 1] = middle[:, 1] - uniform(generator, 0, 0.1, len(boxes)) * side
    half = side[:, None] / 2
    return torch.cat([middle - half, middle + half], 1)


def main():
    options, device, generator, data = begun(steps=6000, seconds=120, batch=384)
    place = (data.who >= 0).nonzero()
    boxes = data.boxes[place[:, 0], place[:, 1], 0]
    large = ((boxes[:, 2:] - boxes[:, :2]).amax(1) >= 48) & (boxes[:, 2] > 0)
    place, boxes = place[large], boxes[large]
    who = data.who[place[:, 0], place[:, 1]]
    held = (who // ALIKE) % 10 == 0
    train, test = (~held).nonzero().flatten(), held.nonzero().flatten()
    network = Identity().to(device)
    characters = int(data.who.max()) + 1
    proxies = nn.Parameter(torch.randn(characters, WIDTH, generator=generator, device=device) * 0.1)
    optimiser = torch.optim.AdamW([{"params": network.parameters(), "rate": 2e-3}, {"params": [proxies], "rate": 2e-2}], weight_decay=0.01)
    began, steps, step = time.time(), options.steps, 0
    while step < steps:
        share = step / steps
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * min(1, (step + 1) / 100) * (0.02 + 0.98 * (1 - share))
        rows = train[torch.randint(len(train), (options.batch,), generator=generator, device=device)]
        images = sample(data.pixels[place[rows, 0]], windows(boxes[rows], generator, True), SIZE)
        images = treat(images, generator, 0.25)
        flip = torch.rand(options.batch, 1, 1, 1, generator=generator, device=device) < 0.5
        images = torch.where(flip, images.flip(-1), images)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            features = network(images)
        cosine = features.float() @ F.normalize(proxies, dim=1).T
        margin = 0.25 * min(1, share * 3)
        cosine = cosine - margin * F.one_hot(who[rows], characters)
        loss = F.cross_entropy(24 * cosine, who[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        step += 1
        if step == 60:
            pace = (time.time() - began) / step
            steps = max(step + 1, min(steps, int(options.seconds / pace)))
        if step % 200 == 0 or step == steps:
            print(f"identity step {step}/{steps} loss {loss.item():.3f} {time.time() - began:.0f} s", flush=True)
    network.eval()
    features = []
    with torch.no_grad():
        for start in range(0, len(test), 256):
            rows = test[start : start + 256]
            features.append(network(sample(data.pixels[place[rows, 0]], windows(boxes[rows], generator, False), SIZE)))
    features, names = torch.cat(features).float().cpu(), who[test].cpu()
    cosine = features @ features.T
    pairs = torch.triu(torch.ones_like(cosine, dtype=torch.bool), 1)
    same = (names[:, None] == names[None]) & pairs
    alike = (names[:, None] // ALIKE == names[None] // ALIKE) & ~(names[:, None] == names[None]) & pairs
    other = (names[:, None] // ALIKE != names[None] // ALIKE) & pairs

    def auc(positive, negative):
        negative = negative[torch.randperm(len(negative), generator=torch.Generator().manual_seed(1))[:20000]]
        positive = positive[torch.randperm(len(positive), generator=torch.Generator().manual_seed(2))[:5000]]
        ordered = negative.sort().values
        below = torch.searchsorted(ordered, positive)
        return round((below.float() / max(1, len(ordered))).mean().item(), 4)

    figures = {
        "seed": options.seed, "steps": steps, "batch": options.batch, "parameters": sum(p.numel() for p in network.parameters()),
        "pictures": len(train), "held-out pictures": len(test), "held-out characters": len(names.unique()),
        "AUC against anybody": auc(cosine[same], cosine[other]), "AUC against colour-alikes": auc(cosine[same], cosine[alike]),
    }
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "identity.json").write_text(json.dumps(figures, indent=1) + "\n")
    torch.onnx.export(
        network.cpu(), torch.zeros(1, 3, SIZE, SIZE), out / "identity.onnx", input_names=["pictures"], output_names=["features"],
        opset_version=17, dynamo=False,
    )
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
