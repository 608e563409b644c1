"""Vision Transformers of timm, torchvision and transformers, small and with seeded weights.

Writes fixtures/architectures/NAME.json and NAME.safetensors as image_encoders.py does: `input` [2, 3, H, W] of the size that the
positions are of, with `pooled` [2, D] and `tokens` [2, T, C], the patches row by row; `wide/...` the same of one picture of another
size, for which positions are interpolated.

D is what enters the last Linear of the classifier; for CLIP what get_image_features gives, for SigLIP its pooler's output.
Transformers' models get their weights by the names that save_pretrained gives them, which are those of published files.

Requirements: as image_encoders.py.
Command: python scripts/references/image_transformers.py [NAME ...]
"""

import json
import pathlib
import sys
import tempfile

import reference_imports  # noqa: F401 (first: timm imports torchvision)
import timm
import torch
import torchvision
import transformers
from safetensors.torch import load_file, save_file
from timm.models import filter_pretrained_cfg

from fixture_files import FIXTURES
from image_encoders import CLIP, HALF, IMAGENET, check, picture
from seeded_weights import save_architecture, seed_model, seeded

SMALL = {"embed_dim": 32, "depth": 3, "num_heads": 2}
# architecture of timm, arguments, the side of pictures, and that of the wide one
TIMM = {
    "vit_base_patch16_224": ("vit_base_patch16_224", {}, 64, (48, 80)),
    "vit_small_patch8_224": ("vit_small_patch8_224", {"global_pool": "avg", "qkv_bias": False}, 48, (40, 64)),
    "vit_tiny_patch16_224-map": (
        "vit_tiny_patch16_224",
        {"global_pool": "map", "class_token": False, "reg_tokens": 2, "init_values": 0.1, "mlp_ratio": 3},
        64,
        (64, 80),
    ),
    "deit_tiny_distilled_patch16_224": ("deit_tiny_distilled_patch16_224", {}, 64, (80, 48)),
    "deit3_small_patch16_224": ("deit3_small_patch16_224", {}, 64, (64, 96)),
    "vit_small_patch14_dinov2": ("vit_small_patch14_dinov2", {}, 56, (42, 70)),
    "vit_giant_patch14_reg4_dinov2": ("vit_giant_patch14_reg4_dinov2", {}, 56, (70, 56)),
    "vit_base_patch32_clip_quickgelu_224": ("vit_base_patch32_clip_quickgelu_224", {}, 64, (96, 64)),
    "vit_base_patch16_siglip_512": ("vit_base_patch16_siglip_512", {}, 64, (64, 80)),
}
# The first stage has maps of 16 × 16, the last one window.
SWIN = {"embed_dim": 16, "depths": [2, 2, 2], "num_heads": [1, 2, 4], "window_size": 4}
TRANSFORMERS = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 56}
VIT = {**TRANSFORMERS, "image_size": 48, "patch_size": 8}
TEXT = {**TRANSFORMERS, "vocab_size": 99, "max_position_embeddings": 12, "bos_token_id": 97, "eos_token_id": 98}


def timm_model(name):
    architecture, arguments, side, wide = TIMM[name]
    arguments = {**SMALL, **arguments, "img_size": side}
    model = timm.create_model(architecture, pretrained=False, num_classes=10, dynamic_img_size=True, **arguments).eval()
    fields = filter_pretrained_cfg(model.pretrained_cfg, remove_source=True, remove_null=True)
    fields = {key: value for key, value in fields.items() if key != "architecture"} | {"input_size": [3, side, side]}
    config = {"architecture": architecture, "num_classes": 10, "num_features": model.num_features}
    config |= {"global_pool": model.global_pool, "model_args": arguments, "pretrained_cfg": fields}

    def encode(images):
        features = model.forward_features(images)
        return model.forward_head(features, pre_logits=True), features[:, model.num_prefix_tokens :]

    return model, seed_model(model), config, {}, encode, (side, side), wide


def timm_swin(_):
    architecture = "swin_tiny_patch4_window7_224"
    model = timm.create_model(architecture, pretrained=False, num_classes=10, img_size=64, strict_img_size=False, **SWIN).eval()
    config = {"architecture": architecture, "model_args": {**SWIN, "img_size": 64}}
    config["pretrained_cfg"] = {"input_size": [3, 64, 64], "mean": IMAGENET["image_mean"], "std": IMAGENET["image_std"]}

    def encode(images):
        features = model.forward_features(images)
        return model.forward_head(features, pre_logits=True), features.flatten(1, 2)

    return model, seed_model(model), config, {}, encode, (64, 64), (64, 128)


def torchvision_model(_):
    """Its own names, beside a config.json that says how small it is."""
    sizes = {"image_size": 64, "patch_size": 16, "num_layers": 3, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 128}
    model = torchvision.models.VisionTransformer(**sizes, num_classes=10).eval()
    fields = {"input_size": [3, 64, 64], "mean": IMAGENET["image_mean"], "std": IMAGENET["image_std"]}
    config = {"architecture": "vit_base_patch16_224", "model_args": {**SMALL, "img_size": 64}, "pretrained_cfg": fields}

    def encode(images):
        x = model._process_input(images)
        x = model.encoder(torch.cat([model.class_token.expand(len(x), -1, -1), x], dim=1))
        return x[:, 0], x[:, 1:]

    return model, seed_model(model), config, {}, encode, (64, 64), None


def published(model):
    """The same model with weights seeded by the names that its file has; and the entries of the file."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        path = pathlib.Path(folder) / "model.safetensors"
        entries, weights = [], {}
        for name, tensor in sorted(load_file(path).items()):
            is_scale = name.endswith(".weight") and "norm" in name.split(".")[-2]
            kind = "scale" if is_scale else "matrix" if tensor.dim() > 1 else "small"
            entries.append([name, list(tensor.shape), kind])
            weights[name] = seeded(name, list(tensor.shape), kind)
        save_file(weights, path, metadata={"format": "pt"})
        return type(model).from_pretrained(folder).eval(), entries


def vit(name):
    kind = "DeiT" if "deit" in name else "ViT"
    config = getattr(transformers, f"{kind}Config")(**VIT, num_labels=10, qkv_bias="model" not in name)
    ending = {"hf-deit-teacher": "ForImageClassificationWithTeacher", "hf-vit": "ForImageClassification"}.get(name, "Model")
    model = getattr(transformers, kind + ending)(config)
    processor = {"image_processor_type": f"{kind}ImageProcessor", "size": {"height": 48, "width": 48}, **HALF}
    count = 2 if kind == "DeiT" else 1

    def encode(model, images):
        base = model if ending == "Model" else model.base_model
        hidden = base(images, interpolate_pos_encoding=True).last_hidden_state
        return hidden[:, :count].mean(1) if "teacher" in name else hidden[:, 0], hidden[:, count:]

    return model, processor, encode, (48, 48), (41, 65)


def dinov2(name):
    kind = "Dinov2WithRegisters" if "registers" in name else "Dinov2"
    sizes = {key: value for key, value in VIT.items() if key != "intermediate_size"}
    config = getattr(transformers, f"{kind}Config")(
        **sizes, mlp_ratio=2, use_swiglu_ffn="gated" in name, num_labels=10, qkv_bias="gated" not in name
    )
    is_classifier = "classifier" in name
    model = getattr(transformers, kind + ("ForImageClassification" if is_classifier else "Model"))(config)
    processor = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 52}, "crop_size": 48, **IMAGENET}
    count = 1 + getattr(config, "num_register_tokens", 0)

    def encode(model, images):
        output = (model.base_model if is_classifier else model)(images)
        tokens = output.last_hidden_state[:, count:]
        both = torch.cat([output.pooler_output, tokens.mean(1)], 1)
        return both if is_classifier else output.pooler_output, tokens

    return model, processor, encode, (48, 48), (41, 65)


def dinov3(name):
    config = transformers.DINOv3ViTConfig(**VIT, num_register_tokens=3, use_gated_mlp="gated" in name)
    model = transformers.DINOv3ViTModel(config)
    processor = {"image_processor_type": "DINOv3ViTImageProcessorFast", "size": {"height": 48, "width": 48}, **IMAGENET}

    def encode(model, images):
        output = model(images)
        return output.pooler_output, output.last_hidden_state[:, 4:]

    return model, processor, encode, (48, 48), (41, 65)


def clip(name):
    """The whole model, whose text tower nothing reads, or a tower alone, with the layer into the shared space and without."""
    kind = "Siglip" if "siglip" in name else "CLIP"
    vision = VIT | {"projection_dim": 24} if kind == "CLIP" else VIT
    ending = {"projection": "VisionModelWithProjection", "model": "VisionModel"}.get(name.split("-")[-1], "Model")
    if ending == "Model":
        text = TEXT | ({"projection_dim": 24} if kind == "CLIP" else {})
        config = getattr(transformers, f"{kind}Config")(text_config=text, vision_config=vision)
        if kind == "CLIP":
            config.projection_dim = 24
    else:
        config = getattr(transformers, f"{kind}VisionConfig")(**vision)
    model = getattr(transformers, kind + ending)(config)
    size = {"size": {"shortest_edge": 48}, "crop_size": 48, **CLIP} if kind == "CLIP" else {"size": {"height": 48, "width": 48}}
    processor = {"image_processor_type": f"{kind}ImageProcessor", **size}

    def encode(model, images):
        if ending == "Model":
            output = model.get_image_features(images, interpolate_pos_encoding=True)
        else:
            output = model(images, interpolate_pos_encoding=True)
        pooled = output.image_embeds if "Projection" in ending else output.pooler_output
        return pooled, output.last_hidden_state[:, 1 if kind == "CLIP" else 0 :]

    return model, processor, encode, (48, 48), (41, 65)


def swin(name):
    config = transformers.SwinConfig(**SWIN, image_size=64, num_labels=10, mlp_ratio=3)
    model = (transformers.SwinModel if "model" in name else transformers.SwinForImageClassification)(config)
    processor = {"image_processor_type": "ViTImageProcessor", "size": {"height": 64, "width": 64}, **IMAGENET}

    def encode(model, images):
        output = (model if "model" in name else model.swin)(images, interpolate_pos_encoding=True)
        return output.pooler_output, output.last_hidden_state

    return model, processor, encode, (64, 64), (64, 128)


def run(name, build):
    if build in (timm_model, timm_swin, torchvision_model):
        return build(name)
    model, processor, encode, side, wide = build(name)
    config = model.config
    config.architectures = [type(model).__name__]  # as save_pretrained does
    model, entries = published(model)
    files = {"preprocessor_config.json": processor}
    return model, entries, json.loads(config.to_json_string()), files, lambda images: encode(model, images), side, wide


ENCODERS = {f"timm-{name}": (name, timm_model) for name in TIMM}
ENCODERS["timm-swin_tiny_patch4_window7_224"] = ("", timm_swin)
ENCODERS |= {name: (name, swin) for name in ("hf-swin", "hf-swin-model")}
ENCODERS["torchvision-vit_b_16"] = ("", torchvision_model)
ENCODERS |= {name: (name, vit) for name in ("hf-vit", "hf-vit-model", "hf-deit", "hf-deit-teacher")}
ENCODERS |= {f"hf-dinov2{ending}": (f"hf-dinov2{ending}", dinov2) for ending in ("", "-classifier", "-gated", "-registers")}
ENCODERS |= {name: (name, dinov3) for name in ("hf-dinov3", "hf-dinov3-gated")}
ENCODERS |= {f"hf-{name}": (f"hf-{name}", clip) for name in ("clip-vision", "clip-vision-model", "clip-vision-projection")}
ENCODERS |= {f"hf-{name}": (f"hf-{name}", clip) for name in ("siglip-vision", "siglip-vision-model")}


@torch.inference_mode()
def write_encoder(name):
    _, entries, config, extra, encode, side, wide = run(*ENCODERS[name])
    generator = torch.Generator().manual_seed(7)
    expected = {}
    for prefix, count, size in (("", 2, side), ("wide/", 1, wide)):
        if size is None:
            continue
        batch = picture(generator, count, *size)
        pooled, tokens = encode(batch)
        check(name, prefix + "pooled", pooled)
        check(name, prefix + "tokens", tokens)
        expected |= {prefix + "input": batch, prefix + "pooled": pooled, prefix + "tokens": tokens}
    save_architecture(name, entries, config, expected, extra)
    size = sum((FIXTURES / "architectures" / f"{name}.{ending}").stat().st_size for ending in ("json", "safetensors"))
    assert size <= 300_000, f"{name}: {size}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ENCODERS:
        write_encoder(name)
