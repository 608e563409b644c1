"""Weights that follow from their names: what a fixture need not store. Imported by the scripts of this folder, not run.

Element i of the tensor called NAME, flattened, is drawn by integer arithmetic that any language repeats exactly:

    seed = sum of byte * (position + 1) over NAME's UTF-8 bytes, modulo 1000003
    a    = (31 * i * i + 7919 * i + 104729 * seed) modulo 1000003
    b    = 48271 * (a + 1) modulo 2147483647
    u    = b / 2147483647                                             as float64, in 0 ... 1

and becomes, computed as float64 and rounded to float32 once,

    0.5 + u                                    where NAME ends in running_var, or the tensor scales a normalisation
    (2 * u - 1) * sqrt(3 / fan_in)             where the tensor has two dimensions or more; fan_in: elements / shape[0]
    0.2 * (2 * u - 1)                          else: biases, running means

`kinds` says of each tensor which of the three it is. Integers (num_batches_tracked, position_ids) keep their values, and a
tensor that a model computes for itself (a spectrogram's window, a mel matrix) keeps what the model gave it.
Tests/TestSupport/SeededWeights.swift is the same in Swift.
"""

import torch

from fixture_files import save_json, save_tensors


def uniform(name, count):
    seed = sum(byte * (place + 1) for place, byte in enumerate(name.encode())) % 1000003
    i = torch.arange(count, dtype=torch.int64)
    a = (31 * i * i + 7919 * i + 104729 * seed) % 1000003
    return (48271 * (a + 1) % 2147483647).double() / 2147483647


def seeded(name, shape, kind):
    count = 1
    for size in shape:
        count *= size
    u = uniform(name, count)
    if kind == "scale":
        values = 0.5 + u
    elif kind == "matrix":
        values = (2 * u - 1) * (3 / (count / shape[0])) ** 0.5
    else:
        values = 0.2 * (2 * u - 1)
    return values.float().reshape(shape)


def seed_model(model, fixed=()):
    """Overwrites every floating-point tensor of `model` but those whose names start with one of `fixed`.

    Gives the list of [name, shape, kind] of the whole state dict; kind `fixed` marks what is not to be seeded.
    """
    scales = set()
    for path, module in model.named_modules():
        if any(kind in type(module).__name__ for kind in ("Norm", "norm")):
            scales.add(f"{path}.weight" if path else "weight")
    entries = []
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point() or name.startswith(tuple(fixed) or ("\0",)):
                kind = "fixed"
            elif name.endswith("running_var") or name in scales:
                kind = "scale"
            else:
                kind = "matrix" if tensor.dim() > 1 else "small"
            if kind != "fixed":
                tensor.copy_(seeded(name, list(tensor.shape), kind))
            entries.append([name, list(tensor.shape), kind])
    return entries


def save_architecture(name, entries, config, expected, extra=None):
    """Writes fixtures/architectures/NAME.json (config and entries) and NAME.safetensors (what goes in and comes out).

    `config`: what config.json of such a weights folder says, or None where such weights come as a bare file.
    `extra`: other JSON files of the folder, by name, for example preprocessor_config.json.
    """
    save_json(f"architectures/{name}.json", {"config": config, "extra": extra or {}, "entries": entries})
    save_tensors(f"architectures/{name}.safetensors", expected)
