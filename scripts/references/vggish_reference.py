"""VGGish, in evaluation mode, in the key layout of torchvggish. Imported, not run.

Written from Hershey et al. 2017 (arXiv:1609.09430) and from what the published checkpoints hold. torchaudio's prototype
(there in 2.5, gone in 2.11) names the two halves features_network and embedding_network; the rest of each name is the same.
`verify_vggish` compares with the PyPI packages torchvggish 0.2 and torch-vggish-yamnet 0.2.1.
"""

import numpy as np
import torch
from torch import nn

from audioset_front_end import PATCH, frames, log_mel

OFFSET = 0.01
WIDTHS = [64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool"]


class VGGish(nn.Module):
    def __init__(self):
        super().__init__()
        layers, inputs = [], 1
        for width in WIDTHS:
            if width == "pool":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
                inputs = width
        self.features = nn.Sequential(*layers)
        sizes = [inputs * 6 * 4, 4096, 4096, 128]
        pairs = [(nn.Linear(before, after), nn.ReLU()) for before, after in zip(sizes, sizes[1:])]
        self.embeddings = nn.Sequential(*[layer for pair in pairs for layer in pair])

    def forward(self, examples):
        """[n, 96, 64] to [n, 128], with the ReLU that the PyTorch ports end in."""
        x = self.features(examples[:, None])
        return self.embeddings(x.permute(0, 2, 3, 1).flatten(1))  # time, pitch, channel, as TensorFlow flattens


def examples(waveform):
    """[N] float32 to [n, 96, 64] float32; what is left after the last whole example is dropped."""
    return frames(log_mel(waveform.astype(np.float64), OFFSET), PATCH, PATCH).astype(np.float32)


def verify_vggish(model, waveform, embedding):
    """Prints how far model and front end are from the packages', where they are importable."""
    inputs = torch.from_numpy(examples(waveform))
    try:
        from torchvggish.torchvggish import VGG, make_layers
        from torchvggish.vggish_input import waveform_to_examples
    except ImportError:
        print("torchvggish is not importable: VGGish not compared with it")
    else:
        published = VGG(make_layers(), postprocess=False).eval()
        published.load_state_dict(model.state_dict())
        theirs = waveform_to_examples(waveform.astype(np.float64), 16000, return_tensor=False).astype(np.float32)
        gap = np.abs(theirs - inputs.numpy()).max()
        difference = (published(inputs[:, None]) - embedding).abs().max()
        print(f"VGGish: examples within {gap:.1e} and embedding within {difference:.1e} of torchvggish's")
        assert gap < 1e-6 and difference == 0
    try:
        from torch_vggish_yamnet.vggish.model import VGGish as Other
    except ImportError:
        print("torch-vggish-yamnet is not importable: VGGish not compared with it")
        return
    published = Other().eval()
    published.load_state_dict(model.state_dict())
    difference = (published(inputs[:, None]) - embedding).abs().max()
    print(f"VGGish: embedding within {difference:.1e} of torch-vggish-yamnet's")
    assert difference == 0
