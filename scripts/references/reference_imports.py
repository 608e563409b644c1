"""Makes torchvision and torchaudio importable beside a CPU build of torch. Import this before timm or torchaudio.

PyPI's wheels of both are linked against the CUDA torch, so their compiled parts do not load here. Nothing that the
reference scripts use needs them: only the imports have to succeed. Nothing in site-packages is changed.
"""

import sys
import types

import torch

# torchvision registers shape functions for these two at import and fails where the compiled part has not declared them.
_torchvision_ops = torch.library.Library("torchvision", "FRAGMENT")
for _name in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, _name):
        _torchvision_ops.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def _needs_extension(function):
    def refuse(*_, **__):
        raise RuntimeError(f"{function.__name__} needs torchaudio's compiled part, which is stubbed out")

    return refuse


# torchaudio loads its library from this package's __init__; a stand-in says that there is none.
_extension = types.ModuleType("torchaudio._extension")
_extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
_extension._IS_ALIGN_AVAILABLE = False
_extension.fail_if_no_align = _needs_extension
sys.modules["torchaudio._extension"] = _extension
