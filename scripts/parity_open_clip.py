"""The full-size towers of OpenCLIP that scripts/parity.py compares, as open_clip saves them: cases as in parity_models.py."""

import json

import reference_imports  # noqa: F401 (first: timm imports torchvision)
import open_clip
import torch
import transformers
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import save_file

from parity_media import pictures
from parity_transformers import TEXT
from seeded_weights import seed_model


def written(name, folder):
    """The model, its files in `folder`."""
    settings = open_clip.get_model_config(name)
    model = open_clip.CLIP(**settings).eval()
    seed_model(model)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": settings, "preprocess_cfg": {}}))
    return model, settings


def seen(name):
    def case(folder):
        model, settings = written(name, folder)
        side = settings["vision_cfg"]["image_size"]
        transform = image_transform_v2(PreprocessCfg(size=side), is_train=False)
        files = pictures(folder, side + 32)
        return "image", {"weights": folder}, files, torch.cat([model.encode_image(transform(Image.open(file))[None]) for file in files])

    return case


def read(name, tokenizer):
    """`tokenizer`: a tokenizer.json of CLIP's form, whose ids are moved so that a text's end is the highest, as open_clip looks for it."""

    def case(folder):
        model, _ = written(name, folder)
        fields = json.loads(tokenizer.read_text())
        vocabulary = fields["model"]["vocab"]
        last = len(vocabulary) - 1
        swapped = {token: {1: last, last: 1}.get(number, number) for token, number in vocabulary.items()}
        fields["model"]["vocab"] = dict(sorted(swapped.items(), key=lambda item: item[1]))
        for token in fields["added_tokens"]:
            token["id"] = swapped[token["content"]]
        fields["post_processor"]["sep"][1] = last
        (folder / "tokenizer.json").write_text(json.dumps(fields))
        fast = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        ids = [fast(text, truncation=True, max_length=77)["input_ids"] for text in TEXT]
        padded = torch.tensor([row + [0] * (77 - len(row)) for row in ids])
        return "text", {"weights": folder}, TEXT, model.encode_text(padded)

    return case


def cases(tokenizers):
    """`tokenizers`: the folder of the small tokenizers among the fixtures."""
    return {
        "OpenCLIP ViT-B-32, pictures": seen("ViT-B-32"),
        "OpenCLIP ViT-L-14-quickgelu, pictures": seen("ViT-L-14-quickgelu"),
        "OpenCLIP ViT-B-32, texts": read("ViT-B-32", tokenizers / "clip.json"),
    }
