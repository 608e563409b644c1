"""What the image processors of transformers and the transforms of timm make of pictures.

Writes
    fixtures/front_ends.json                 a list of cases: `name`, `library`, `settings` (preprocessor_config.json, or
                                             pretrained_cfg of timm's config.json), `image` (a file of fixtures/images),
                                             `shape` of the result, `step`
    fixtures/front_ends.safetensors          float32 [3, H, W] by case; of a large result every `step`-th row and column

Requirements: as image_encoders.py.
Command: python scripts/references/image_front_ends.py
"""

import reference_imports  # noqa: F401 (first: timm imports torchvision)
import torch
from timm.data import create_transform, resolve_data_config
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.dinov3_vit.image_processing_dinov3_vit import DINOv3ViTImageProcessor
from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil
from transformers.models.mobilenet_v2.image_processing_pil_mobilenet_v2 import MobileNetV2ImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from fixture_files import save_json, save_tensors
from image_encoders import CLIP, EFFICIENTNET_B0, HALF, IMAGENET, RESNET_50
from images import IMAGES, upright_rgb


def processor_class(settings):
    kind = settings.get("image_processor_type") or settings["feature_extractor_type"]
    for prefix, processor in (
        ("ViT", ViTImageProcessorPil),
        ("ConvNext", ConvNextImageProcessorPil),
        ("EfficientNet", EfficientNetImageProcessorPil),
        ("CLIP", CLIPImageProcessorPil),
        ("DeiT", DeiTImageProcessorPil),
        ("Siglip", SiglipImageProcessorPil),
        ("Bit", BitImageProcessorPil),
        ("DINOv3ViT", DINOv3ViTImageProcessor),
        ("MobileNetV2", MobileNetV2ImageProcessorPil),
    ):
        if kind.startswith(prefix):
            return processor


def transformers_cases():
    """(name, settings, image, step)"""
    vit = {"image_processor_type": "ViTImageProcessor", "do_resize": True, "do_rescale": True, "do_normalize": True}
    vit |= {"rescale_factor": 1 / 255, **HALF}
    dinov3 = {"image_processor_type": "DINOv3ViTImageProcessorFast", "size": {"height": 20, "width": 24}}
    yield "dinov3", dinov3, "rgb8.png", 4
    yield "dinov3-up", dinov3 | {"size": {"height": 60, "width": 70}, "resample": 3}, "rgb8.png", 9
    mobile = {"image_processor_type": "MobileNetV2ImageProcessor"}
    yield "mobilenet-v2", mobile | {"size": {"shortest_edge": 24}, "crop_size": {"height": 20, "width": 20}}, "rgb8.png", 4
    yield "mobilenet-v2-bare", mobile, "baseline-420.jpg", 40
    yield "vit-square", vit | {"size": {"height": 16, "width": 16}, "resample": 2}, "rgb8.png", 1
    yield "vit-wide-bicubic", vit | {"size": {"height": 20, "width": 33}, "resample": 3}, "rgba8.png", 1
    yield "vit-nearest", vit | {"size": {"height": 19, "width": 25}, "resample": 0}, "rgb8.png", 1
    yield "vit-nearest-up", vit | {"size": {"height": 33, "width": 29}, "resample": 0}, "exif6.jpg", 1
    yield "vit-unnormalized", vit | {"size": {"height": 24, "width": 24}, "do_normalize": False}, "baseline-420.jpg", 1
    yield "vit-unresized", vit | {"do_resize": False, "rescale_factor": 1 / 127.5}, "exif6.jpg", 1
    unscaled = {"do_rescale": False, "image_mean": [123.675, 116.28, 103.53], "image_std": [58.395, 57.12, 57.375]}
    yield "vit-unscaled", vit | unscaled | {"size": {"height": 24, "width": 24}, "resample": 2}, "rgba8.png", 1
    old = {"feature_extractor_type": "ViTFeatureExtractor", "do_resize": True, "do_normalize": True, **HALF}
    yield "vit-old", old | {"size": 24, "resample": 2}, "baseline-420.jpg", 1
    yield "vit-shortest-edge", vit | {"size": {"shortest_edge": 17}, "resample": 2}, "rgb8.png", 1
    crop = {"do_center_crop": True, "crop_size": {"height": 16, "width": 21}}
    yield "vit-crop-ignored", vit | crop | {"do_center_crop": False, "size": {"height": 20, "width": 20}}, "rgb8.png", 1

    convnext = {"image_processor_type": "ConvNextImageProcessor", "do_resize": True, "do_rescale": True}
    convnext |= {"do_normalize": True, "rescale_factor": 1 / 255, "crop_pct": 0.875, "resample": 3, **IMAGENET}
    yield "convnext-landscape", convnext | {"size": {"shortest_edge": 24}}, "baseline-420.jpg", 1
    yield "convnext-portrait", convnext | {"size": {"shortest_edge": 21}, "resample": 2}, "exif6.jpg", 1
    yield "convnext-down", convnext | {"size": {"shortest_edge": 16}, "crop_pct": 0.95}, "rgb8.png", 1
    yield "convnext-384", convnext | {"size": {"shortest_edge": 384}}, "rgba8.png", 16
    yield "convnext-no-rescale-key", {**RESNET_50, "size": 25, "crop_pct": 0.9}, "rgb8.png", 1
    yield "resnet-50", RESNET_50, "baseline-420.jpg", 8

    efficientnet = EFFICIENTNET_B0 | {"size": {"height": 24, "width": 24}}
    yield "efficientnet-b0", EFFICIENTNET_B0, "exif6.jpg", 8
    yield "efficientnet-nearest", efficientnet, "rgb8.png", 1
    cropped = {"do_center_crop": True, "crop_size": {"height": 20, "width": 19}, "resample": 3}
    yield "efficientnet-crop", efficientnet | cropped, "rgba8.png", 1
    offset = {"rescale_offset": True, "rescale_factor": 1 / 127.5, "resample": 2, "include_top": False}
    yield "efficientnet-offset", efficientnet | offset, "baseline-420.jpg", 1
    yield "efficientnet-top-only", efficientnet | {"do_normalize": False, "resample": 2}, "baseline-420.jpg", 1

    clip = {"image_processor_type": "CLIPImageProcessor", "do_resize": True, "do_center_crop": True, "do_rescale": True}
    clip |= {"do_normalize": True, "do_convert_rgb": True, "rescale_factor": 1 / 255, "resample": 3, **CLIP}
    square = {"size": {"shortest_edge": 24}, "crop_size": {"height": 24, "width": 24}}
    yield "clip-landscape", clip | square, "rgb8.png", 1
    yield "clip-portrait", clip | square, "exif6.jpg", 1
    odd = {"size": {"shortest_edge": 27}, "crop_size": {"height": 24, "width": 22}}
    yield "clip-odd", clip | odd, "rgba8.png", 1
    padded = {"size": {"shortest_edge": 14}, "crop_size": {"height": 23, "width": 16}}
    yield "clip-padded", clip | padded, "baseline-420.jpg", 1
    old = {"feature_extractor_type": "CLIPFeatureExtractor", "do_resize": True, "do_center_crop": True, **CLIP}
    yield "clip-old", old | {"do_normalize": True, "size": 20, "crop_size": 20, "resample": 3}, "rgb8.png", 1

    deit = {"image_processor_type": "DeiTImageProcessor", "do_resize": True, "do_center_crop": True, "do_normalize": True}
    yield "deit-default", deit, "baseline-420.jpg", 8
    sizes = {"size": {"height": 30, "width": 30}, "crop_size": {"height": 22, "width": 22}}
    yield "deit-feature-extractor", {"feature_extractor_type": "DeiTFeatureExtractor", **sizes, **IMAGENET}, "rgb8.png", 1
    siglip = {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "do_rescale": True, "do_normalize": True}
    yield "siglip", siglip | {"size": {"height": 24, "width": 24}, "resample": 3, **HALF}, "rgba8.png", 1
    yield "siglip-default", siglip, "exif6.jpg", 8
    # What facebook/dinov2-base states.
    bit = {"image_processor_type": "BitImageProcessor", "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True}
    bit |= {"do_rescale": True, "do_resize": True, "resample": 3, "rescale_factor": 1 / 255, **IMAGENET}
    bit |= {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}
    yield "bit-dinov2", bit, "rgb8.png", 8
    yield "bit-default", {"image_processor_type": "BitImageProcessor"}, "exif6.jpg", 8


def timm_cases():
    base = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "interpolation": "bicubic", "crop_pct": 0.875}
    base |= {"input_size": [3, 24, 24], "crop_mode": "center"}
    yield "timm-center", base, "rgb8.png"
    yield "timm-center-bilinear", base | {"interpolation": "bilinear", "crop_pct": 0.95}, "exif6.jpg"
    yield "timm-center-nearest", base | {"interpolation": "nearest", "crop_pct": 1.0}, "rgba8.png"
    yield "timm-center-odd", base | {"input_size": [3, 21, 21], "crop_pct": 0.9}, "baseline-420.jpg"
    yield "timm-center-wide", base | {"input_size": [3, 18, 30]}, "rgb8.png"
    yield "timm-center-tall", base | {"input_size": [3, 30, 18], "crop_pct": 1.0}, "baseline-420.jpg"
    yield "timm-squash", base | {"crop_mode": "squash", "crop_pct": 1.0}, "rgb8.png"
    yield "timm-squash-wide", base | {"crop_mode": "squash", "crop_pct": 0.9, "input_size": [3, 17, 30]}, "exif6.jpg"
    yield "timm-border", base | {"crop_mode": "border", "crop_pct": 1.0}, "rgb8.png"
    tight = {"crop_mode": "border", "crop_pct": 0.9, "interpolation": "bilinear"}
    yield "timm-border-portrait", base | tight, "exif6.jpg"
    yield "timm-border-wide", base | {"crop_mode": "border", "crop_pct": 0.8, "input_size": [3, 18, 31]}, "rgba8.png"
    defaults = {"input_size": [3, 24, 24], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    yield "timm-defaults", defaults, "rgba8.png"


def write_front_ends():
    cases, expected = [], {}

    def add(name, library, settings, image, tensor, step):
        case = {"name": name, "library": library, "settings": settings, "image": image}
        cases.append(case | {"shape": list(tensor.shape), "step": step})
        expected[name] = tensor[:, ::step, ::step]

    for name, settings, image, step in transformers_cases():
        processor = processor_class(settings).from_dict(dict(settings))
        tensor = processor(upright_rgb(IMAGES / image), return_tensors="pt")["pixel_values"][0]
        add(name, "transformers", settings, image, tensor.float(), step)
    for name, settings, image in timm_cases():
        transform = create_transform(**resolve_data_config(pretrained_cfg=settings), is_training=False)
        add(name, "timm", settings, image, transform(upright_rgb(IMAGES / image)), 1)
    save_json("front_ends.json", cases, indent=1)
    save_tensors("front_ends.safetensors", expected)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_front_ends()
