"""The whole model with LoRA in two encoders, trained for 100 steps by PyTorch and the real peft.

A small BERT of Transformers and a small ResNet of timm, both frozen but for their adapters, two modalities of which two rows lack one, the
concatenation with one mixing layer (docs/fusions.md), and a head with one hidden layer. Each step is all rows: AdamW with a rate for each
encoder and no decay of vectors, gradients clipped to a joint norm of 1, half a cosine behind five steps of warm-up.

Writes fixtures/whole_model.safetensors:

    pictures [12, 24, 24, 3] uint8, ids [12, 6] int64 (padded with -1), presence [12, 2] uint8 (image, text), labels [12] int64
    before/PATH, after/PATH     what is trained, by Braid's paths
    losses [100], logits [12, 3]    of each step, and at the end

Requirements: torch 2.13.0 (CPU), transformers 5.24.0, timm 1.0.29, peft 0.21.2.
Command: python scripts/references/whole_model.py
"""

import json

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import timm
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from fixture_files import FIXTURES, save_tensors
from seeded_weights import seeded

STEPS, WARMUP, RATE, DECAY = 100, 5, 1e-3, 0.01
RATES = {"image": 5e-4, "text": 2e-3}
SIZE, CLASSES, ROWS = 16, 3, 12
PRESENCE = torch.tensor([[row != 3, row != 7] for row in range(ROWS)])
LABELS = torch.tensor([0, 1, 2] * 4)


def image_encoder():
    folder = FIXTURES / "resnet"
    settings = json.loads((folder / "config.json").read_text())
    model = timm.create_model("resnet18", num_classes=0, channels=settings["model_args"]["channels"])
    model.load_state_dict(load_file(folder / "model.safetensors"))
    targets = ["layer4.0.conv1", "layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2"]
    return get_peft_model(model, LoraConfig(r=2, lora_alpha=4, target_modules=targets)), settings["pretrained_cfg"]


def text_encoder():
    root = json.loads((FIXTURES / "architectures/hf-bert.json").read_text())
    config = transformers.BertConfig(**root["config"] | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
    model = transformers.BertModel(config)
    state = model.state_dict()
    state |= {name: seeded(name, shape, kind) for name, shape, kind in root["entries"] if kind != "fixed"}
    model.load_state_dict(state)
    return get_peft_model(model, LoraConfig(r=3, lora_alpha=6, target_modules=["query", "value"]))


class Whole(nn.Module):
    """Names are Braid's paths, but for what peft puts around an encoder."""

    def __init__(self):
        super().__init__()
        image, picture = image_encoder()
        self.encoders = nn.ModuleDict({"image": image, "text": text_encoder()})
        self.mean, self.std = (torch.tensor(picture[key]).reshape(1, 3, 1, 1) for key in ("mean", "std"))
        sizes = {"image": 24, "text": 48}
        entrances = {
            name: nn.ModuleDict({"norm": nn.LayerNorm(size), "projection": nn.Linear(size, SIZE)}) for name, size in sizes.items()}
        mixer = nn.ModuleDict({"linear": nn.Linear(2 * (SIZE + 1), SIZE), "norm": nn.LayerNorm(SIZE)})
        self.fusion = nn.ModuleDict(entrances | {"mixer": nn.ModuleList([mixer])})
        for name in sizes:
            self.fusion[name].register_parameter("missing", nn.Parameter(torch.zeros(SIZE)))
        head = nn.ModuleDict({"hidden": nn.ModuleList([nn.Linear(SIZE, 8)]), "output": nn.Linear(8, CLASSES)})
        self.head = nn.ModuleDict({"label": head})

    def embed(self, pictures, texts):
        pixels = (pictures.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
        image = self.encoders["image"](pixels)
        mask = (texts >= 0).long()
        tokens = self.encoders["text"](input_ids=texts.clamp(min=0), attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).float()
        return {"image": image, "text": (tokens * weights).sum(1) / weights.sum(1)}

    def forward(self, pictures, texts):
        parts = []
        for column, (name, value) in enumerate(self.embed(pictures, texts).items()):
            entrance, there = self.fusion[name], PRESENCE[:, column : column + 1]
            value = entrance["projection"](entrance["norm"](torch.where(there, value, torch.zeros(()))))
            parts.append(torch.where(there, functional.gelu(value), entrance.missing))
        mixer = self.fusion["mixer"][0]
        fused = functional.gelu(mixer["norm"](mixer["linear"](torch.cat(parts + [PRESENCE.float()], 1))))
        head = self.head["label"]
        return head["output"](functional.gelu(head["hidden"][0](fused)))


def trained(model):
    """By Braid's paths."""
    return {
        name.replace("base_model.model.", "").replace(".default", ""): value
        for name, value in model.named_parameters() if value.requires_grad}


def begin(model):
    """Adapters as peft has them, A drawn and B zero; everything else from its name."""
    with torch.no_grad():
        for name, value in trained(model).items():
            if name.endswith("lora_B.weight"):
                continue
            scales = ".norm.weight" in name
            value.copy_(seeded(name, list(value.shape), "scale" if scales else "matrix" if value.dim() > 1 else "small"))


def optimizer(model):
    groups = []
    for prefix, rate in [("encoders.image.", RATES["image"]), ("encoders.text.", RATES["text"]), ("", RATE)]:
        own = [value for name, value in trained(model).items() if name.startswith(prefix or ("fusion.", "head."))]
        groups.append({"params": [value for value in own if value.dim() > 1], "lr": rate, "weight_decay": DECAY})
        groups.append({"params": [value for value in own if value.dim() <= 1], "lr": rate, "weight_decay": 0.0})
    return torch.optim.AdamW([group for group in groups if group["params"]])


def main():
    torch.manual_seed(0)
    pictures = torch.randint(0, 256, (ROWS, 24, 24, 3), dtype=torch.uint8)
    texts = torch.randint(5, 11, (ROWS, 6))
    for row in range(ROWS):
        texts[row, 6 - row % 4:] = -1
    # Batch norms keep their statistics, as Braid's do under LoRA.
    model = Whole().eval()
    begin(model)
    stored = {"pictures": pictures, "ids": texts, "presence": PRESENCE.byte(), "labels": LABELS}
    stored |= {f"before/{name}": value.clone() for name, value in trained(model).items()}
    steps = optimizer(model)
    schedule = transformers.get_cosine_schedule_with_warmup(steps, WARMUP, STEPS)
    losses = []
    for _ in range(STEPS):
        steps.zero_grad()
        loss = functional.cross_entropy(model(pictures, texts), LABELS)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained(model).values(), 1.0)
        steps.step()
        schedule.step()
        losses.append(loss.item())
    stored |= {f"after/{name}": value for name, value in trained(model).items()}
    save_tensors("whole_model.safetensors", stored | {"losses": torch.tensor(losses), "logits": model(pictures, texts)})
    print(f"loss {losses[0]:.4f} at first, {losses[-1]:.4f} at last")


if __name__ == "__main__":
    main()
