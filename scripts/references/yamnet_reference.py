"""YAMNet, in evaluation mode, in the key layout of its PyTorch port torch_audioset. Imported, not run.

Written from Howard et al. 2017 (arXiv:1704.04861), the parameters of https://github.com/tensorflow/models,
research/audioset/yamnet, and from what the checkpoint of https://github.com/w-hc/torch_audioset holds. `verify_yamnet`
compares with the PyPI package torch-vggish-yamnet 0.2.1, which has the same layout.
"""

import numpy as np
import torch.nn.functional as F
from torch import nn

from audioset_front_end import PATCH, frames, log_mel, padded

OFFSET = 0.001
PATCH_HOP = 48
EPSILON = 1e-4
LAYERS = [(32, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]  # outputs, stride
LAYERS += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]


class SameConv2d(nn.Conv2d):
    """Pads as TensorFlow's `same` does: a stride of 2 over an even size takes one row at the end and none in front."""

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):  # last axis first
            total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


class ConvNormRelu(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__()
        self.conv = SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=EPSILON)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class YAMNet(nn.Module):
    def __init__(self, classes=521):
        super().__init__()
        inputs = 1
        for k, (outputs, stride) in enumerate(LAYERS, 1):
            layer = nn.Sequential()
            if k == 1:
                layer.add_module("fused", ConvNormRelu(inputs, outputs, 3, stride))
            else:
                layer.add_module("depthwise_conv", ConvNormRelu(inputs, inputs, 3, stride, groups=inputs))
                layer.add_module("pointwise_conv", ConvNormRelu(inputs, outputs, 1))
            self.add_module(f"layer{k}", layer)
            inputs = outputs
        self.classifier = nn.Linear(inputs, classes)

    def forward(self, patches):
        """[n, 96, 64] to [n, 1024]."""
        x = patches[:, None]
        for k in range(1, len(LAYERS) + 1):
            x = self.get_submodule(f"layer{k}")(x)
        return x.mean((2, 3))


def patches(waveform):
    """[N] float32 to [n, 96, 64] float32."""
    return frames(log_mel(padded(waveform.astype(np.float64), PATCH_HOP), OFFSET), PATCH, PATCH_HOP).astype(np.float32)


def verify_yamnet(model, inputs, embedding):
    """Prints how far the model is from torch-vggish-yamnet's, where that is importable."""
    try:
        from torch_vggish_yamnet.yamnet.model import YAMNet as Published
    except ImportError:
        print("torch-vggish-yamnet is not importable: YAMNet not compared")
        return
    published = Published().eval()
    published.load_state_dict(model.state_dict())
    difference = (published(inputs[:, None])[0].flatten(1) - embedding).abs().max()
    print(f"YAMNet: keys as published; embedding within {difference:.1e} of torch-vggish-yamnet's")
    assert list(published.state_dict()) == list(model.state_dict())
    assert difference < 1e-6
