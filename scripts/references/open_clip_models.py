"""CLIP of open_clip in small configurations, as it saves them: the embeddings of both towers, and what zero-shot classification gives.

Writes fixtures/zero_shot/open_clip.* and open_clip_custom.*, of the form that contrastive.py describes, with open_clip_config.json among the files. The
second has a text tower of its own (custom_text), a logit bias, layer scale, the mean of the patches and quick GELU.

Requirements: open_clip_torch 3.3.0, torch 2.13.0 (CPU), transformers 5.24.0, pillow.
Command: python scripts/references/open_clip_models.py
"""

import json
import pathlib
import tempfile

import reference_imports  # noqa: F401 (first: timm imports torchvision)
import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from contrastive import LABELS, PICTURES, clip_tokenizer, points_of
from fixture_files import FIXTURES, save_json, save_tensors
from seeded_weights import seed_model

VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8}
TEXT = {"context_length": 16, "width": 24, "heads": 4, "layers": 2}
PLAIN = {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT}
CUSTOM = {
    "embed_dim": 16, "quick_gelu": True, "custom_text": True, "init_logit_bias": -10.0,
    "vision_cfg": VISION | {"image_size": 40, "ls_init_value": 0.1, "pool_type": "avg", "final_ln_after_pool": True, "mlp_ratio": 3.0},
    "text_cfg": TEXT | {"norm_kwargs": {"eps": 1e-6}},
}


@torch.inference_mode()
def save(name, model_cfg, preprocess_cfg):
    tokenizer, words = clip_tokenizer()
    model_cfg["text_cfg"]["vocab_size"] = words
    settings = {key: value for key, value in model_cfg.items() if key != "custom_text"}
    model = (open_clip.CustomTextCLIP if "custom_text" in model_cfg else open_clip.CLIP)(**settings).eval()
    entries = seed_model(model)
    prompts = [prompt for some in LABELS.values() for prompt in some]
    tokens = tokenizer(prompts, padding="max_length", max_length=16)["input_ids"]
    # open_clip pads with 0, which no text ends with.
    ids = torch.tensor([[0 if place > row.index(words - 1) else token for place, token in enumerate(row)] for row in tokens])
    transform = image_transform_v2(PreprocessCfg(size=model_cfg["vision_cfg"]["image_size"], **preprocess_cfg), is_train=False)
    pixels = torch.stack([transform(Image.open(FIXTURES / picture).convert("RGB")) for picture in PICTURES])
    text, media = model.encode_text(ids), model.encode_image(pixels)
    plain = model.get_logits(pixels, ids)[0]
    logits = torch.nn.functional.normalize(media) @ points_of(text).T * model.logit_scale.exp()
    logits = logits if model.logit_bias is None else logits + model.logit_bias
    with tempfile.TemporaryDirectory() as temporary:
        tokenizer.save_pretrained(temporary)
        files = {path.name: json.loads(path.read_text()) for path in pathlib.Path(temporary).glob("*.json")}
    files["open_clip_config.json"] = {"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg}
    save_json(f"zero_shot/{name}.json", {"config": None, "extra": files, "entries": entries, "labels": LABELS, "media": PICTURES})
    save_tensors(f"zero_shot/{name}.safetensors", {"text": text, "media": media, "logits": logits, "plain": plain})


if __name__ == "__main__":
    half = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    save("open_clip", PLAIN, {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD})
    save("open_clip_custom", CUSTOM, half | {"interpolation": "bilinear", "resize_mode": "squash"})
