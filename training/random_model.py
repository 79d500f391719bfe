"""Writes a network with random weights of the shape of a well-known one, or times it in ONNX Runtime from Python.

    python random_model.py ccip|dinov2-small|clip-vit-b32 FILE [--time]
"""

import sys
import time

#: Input side, patch, width, depth, heads, numbers of the embedding. CCIP's own body is a CAFormer of about this cost.
SHAPES = {"dinov2-small": (224, 14, 384, 12, 6, 384), "clip-vit-b32": (224, 32, 768, 12, 12, 512), "ccip": (384, 16, 512, 12, 8, 768)}


def write(name, path):
    import torch
    import torch.nn as nn

    side, patch, width, depth, heads, length = SHAPES[name]

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, width, patch, patch)
            self.first = nn.Parameter(torch.randn(1, 1, width) * 0.02)
            self.places = nn.Parameter(torch.randn(1, (side // patch) ** 2 + 1, width) * 0.02)
            self.blocks = nn.ModuleList([Block() for _ in range(depth)])
            self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, length)

        def forward(self, pictures):
            x = self.patches(pictures).flatten(2).transpose(1, 2)
            x = torch.cat([self.first, x], 1) + self.places
            for block in self.blocks:
                x = block(x)
            return self.last(self.norm(x[:, 0]))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x):
            tokens = x.shape[1]
            q, k, v = self.qkv(self.norm1(x)).reshape(1, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            seen = (q @ k.transpose(-1, -2) * (width // heads) ** -0.5).softmax(-1) @ v
            x = x + self.out(seen.transpose(1, 2).reshape(1, tokens, width))
            return x + self.mlp(self.norm2(x))

    torch.manual_seed(1)
    torch.onnx.export(
        Network().eval(), torch.zeros(1, 3, side, side), path, input_names=["pictures"], output_names=["features"], opset_version=17,
        dynamo=False,
    )


def timed(name, path):
    import numpy
    import onnxruntime

    side = SHAPES[name][0]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    picture = numpy.random.default_rng(1).normal(size=(1, 3, side, side)).astype(numpy.float32)
    times = []
    for _ in range(16):
        start = time.perf_counter()
        session.run(None, {session.get_inputs()[0].name: picture})
        times.append((time.perf_counter() - start) * 1e3)
    print(f"onnxruntime {onnxruntime.__version__} from Python: {sorted(times[1:])[7]:.1f} ms")


if __name__ == "__main__":
    if "--time" in sys.argv:
        timed(sys.argv[1], sys.argv[2])
    else:
        write(sys.argv[1], sys.argv[2])
