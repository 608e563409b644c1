"""Adapters of the real peft: single layers over 100 steps of AdamW, and whole encoders.

Writes fixtures/adapters/layers.safetensors, for every NAME of LAYERS

    NAME/weight, NAME/bias      of the layer itself, which stay
    NAME/input, NAME/target     what goes in, and what is learnt by mean squared error
    NAME/before/KEY             peft's parameters of the adapter at first, and NAME/output what comes out with them
    NAME/after/KEY              the same after 100 steps (learning rate 0.01, weight decay 0.01), and NAME/learnt what comes out
    NAME/merged/weight, bias    what peft folds them into

and for every NAME of MODELS fixtures/adapters/NAME/adapter_config.json and adapter_model.safetensors, as save_pretrained
writes them, beside expected.safetensors: `ids` and `mask` or `input`, and `tokens`, what the encoder gives with the adapter. The
encoders themselves are those of fixtures/architectures, whose weights follow from their names.

Requirements: torch 2.13.0 (CPU), transformers 5.24.0, peft 0.21.2.
Command: python scripts/references/adapters.py
"""

import json
import pathlib
import shutil

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import torch
import transformers
from peft import IA3Config, LoraConfig, get_peft_model
from torch import nn
from transformers.pytorch_utils import Conv1D

from fixture_files import FIXTURES, ROOT, save_tensors
from seeded_weights import seed_model, seeded

STEPS = 100


class One(nn.Module):
    """A model of one layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)


def linear():
    return nn.Linear(12, 10)


def conv():
    return nn.Conv2d(4, 6, 3, stride=2, padding=1)


def point():
    return nn.Conv2d(4, 6, 1, bias=False)


def conv1d():
    return Conv1D(10, 12)


def lora(**more):
    return LoraConfig(r=3, lora_alpha=5, target_modules=["layer"], **more)


def ia3(feeds):
    return IA3Config(target_modules=["layer"], feedforward_modules=["layer"] if feeds else [])


LAYERS = {
    "linear-lora": (linear, lora()),
    "linear-rslora": (linear, lora(use_rslora=True)),
    "linear-dora": (linear, lora(use_dora=True)),
    "linear-ia3": (linear, ia3(False)),
    "linear-ia3-input": (linear, ia3(True)),
    "conv-lora": (conv, lora()),
    "conv-dora": (conv, lora(use_dora=True)),
    "conv-ia3": (conv, ia3(False)),
    "conv-ia3-input": (conv, ia3(True)),
    "point-lora": (point, lora()),
    "conv1d-lora": (conv1d, lora(fan_in_fan_out=True)),
    "conv1d-dora": (conv1d, lora(fan_in_fan_out=True, use_dora=True)),
    "conv1d-ia3": (conv1d, IA3Config(target_modules=["layer"], feedforward_modules=[], fan_in_fan_out=True)),
}


def own(model):
    """peft's parameters by the names that files have."""
    from peft import get_peft_model_state_dict

    return {key.removeprefix("base_model.model.layer."): value.clone() for key, value in get_peft_model_state_dict(model).items()}


def disturb(model):
    """Values that do something: B begins at zero, vectors at one."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.requires_grad:
                name = name.replace(".default", "")
                drawn = seeded(name, list(value.shape), "small")
                value.copy_(value + drawn if "magnitude" in name or "ia3" in name else drawn)


def layer_case(name, make, config):
    model = One(make())
    seed_model(model)
    images = "conv-" in name or "point-" in name
    shape = (3, 4, 5, 5) if images else (4, 3, 12)
    x = seeded(f"{name}/input", list(shape), "matrix")
    out = {f"{name}/{key}": value for key, value in model.layer.state_dict().items()} | {f"{name}/input": x}
    out = {key: value.clone() for key, value in out.items()}
    model = get_peft_model(model, config)
    disturb(model)
    target = seeded(f"{name}/target", list(model(x).shape), "matrix")
    out |= {f"{name}/before/{key}": value for key, value in own(model).items()}
    out |= {f"{name}/target": target, f"{name}/output": model(x)}
    trained = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.01, weight_decay=0.01)
    for _ in range(STEPS):
        optimizer.zero_grad()
        (model(x) - target).square().mean().backward()
        optimizer.step()
    out |= {f"{name}/after/{key}": value for key, value in own(model).items()}
    out |= {f"{name}/learnt": model(x)}
    merged = model.merge_and_unload().layer
    return out | {f"{name}/merged/{key}": value for key, value in merged.state_dict().items()}


CONVOLUTIONS = [f"encoder.stages.3.layers.1.layer.{index}.convolution" for index in (0, 1)]
MODELS = {
    "bert-lora": ("hf-bert", LoraConfig(r=4, lora_alpha=8, target_modules=["query", "value"])),
    "bert-dora": ("hf-bert", LoraConfig(r=2, target_modules=["key", "output.dense"], use_dora=True, use_rslora=True)),
    "bert-ia3": ("hf-bert", IA3Config(target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"])),
    "bert-classifier": ("hf-bert", LoraConfig(r=2, task_type="SEQ_CLS")),
    "distilbert-lora": ("hf-distilbert", LoraConfig(r=2, target_modules=["q_lin", "v_lin"])),
    "gpt2-lora": ("hf-gpt2", LoraConfig(r=4)),
    "gpt2-ia3": ("hf-gpt2", IA3Config()),
    "resnet-lora": ("hf-resnet18", LoraConfig(r=1, target_modules=CONVOLUTIONS)),
    "resnet-dora": ("hf-resnet18", LoraConfig(r=2, target_modules=["stages.1.layers.0.shortcut.convolution"], use_dora=True)),
}


def base_model(architecture):
    """The encoder of a fixture, its weights as the tests draw them."""
    root = json.loads((FIXTURES / f"architectures/{architecture}.json").read_text())
    config = transformers.AutoConfig.for_model(**root["config"])
    names = {"hf-resnet18": "ResNetForImageClassification"}
    model = getattr(transformers, names.get(architecture, root["config"]["architectures"][0]))(config)
    state = model.state_dict()
    for name, shape, kind in root["entries"]:
        if kind != "fixed":
            state[name] = seeded(name, shape, kind)
    model.load_state_dict(state)
    return model.eval()


def model_case(name, architecture, config):
    folder = FIXTURES / "adapters" / name
    base = base_model(architecture)
    if architecture == "hf-resnet18":
        base = base.resnet
    whole = base
    if config.task_type == "SEQ_CLS":
        whole = transformers.BertForSequenceClassification(base.config)
        seed_model(whole)
        whole.bert.load_state_dict(base.state_dict(), strict=False)
    model = get_peft_model(whole, config).eval()
    disturb(model)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    stored = {}
    with torch.no_grad():
        if architecture == "hf-resnet18":
            x = seeded("picture", [2, 3, 32, 32], "small") * 5
            out = model(x).last_hidden_state
            stored |= {"input": x, "tokens": out.flatten(2).transpose(1, 2)}
        else:
            ids = (torch.arange(22).reshape(2, 11) * 7 + 3) % 190
            mask = torch.ones(2, 11, dtype=torch.int64)
            mask[1, 6:] = 0
            inner = model.base_model.model.bert if whole is not base else model
            out = inner(input_ids=ids, attention_mask=mask).last_hidden_state
            stored |= {"ids": ids, "mask": mask.to(torch.uint8), "tokens": out * mask.unsqueeze(-1)}
    save_tensors(f"adapters/{name}/expected.safetensors", stored)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shutil.rmtree(FIXTURES / "adapters", ignore_errors=True)
    layers = {}
    for name, (make, config) in LAYERS.items():
        layers |= layer_case(name, make, config)
    save_tensors("adapters/layers.safetensors", layers)
    for name, (architecture, config) in MODELS.items():
        model_case(name, architecture, config)
    files = [path for path in pathlib.Path(FIXTURES / "adapters").rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files):,} bytes under {ROOT.name}/fixtures/adapters")


if __name__ == "__main__":
    main()
