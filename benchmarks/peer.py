"""One peer at work: each line on stdin is a run, each line on stdout its figures. Started by encoding.py.

Usage: peer.py LIBRARY MODEL PRECISION MODE [KIND]
LIBRARY: script (what one writes first: eager PyTorch, one process, media in turn), eager (channels last, behind the loader below; slower than
         compile, and left out of the tables), compile (torch.compile with freezing), onnxruntime, openvino
MODE:    files (from files to embeddings, written as .npy) or encoder (inputs already prepared)

The loader: two worker processes that decode and prepare, batches prefetched; texts and recordings sorted by length, texts
tokenized in Rust, on all cores, a thousand at a time.
"""

import json
import os
import resource
import sys
import time

import workloads
import numpy as np
import torch
from workloads import MODELS, WORK

BATCH = {"image": 16, "text": 32, "audio": 4}


# --- front ends -----------------------------------------------------------------------------------------------------------


def picture_transform():
    from timm.data import create_transform

    return create_transform(
        (3, 224, 224), crop_pct=0.875, interpolation="bicubic", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


class Pictures(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files, self.transform = files, picture_transform()

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        from PIL import Image

        with Image.open(self.files[index]) as opened:
            return self.transform(opened.convert("RGB"))


class Recordings(torch.utils.data.Dataset):
    def __init__(self, files):
        import torchaudio

        self.files = files
        self.mel = torchaudio.transforms.MelSpectrogram(
            32000, n_fft=1024, hop_length=320, f_min=50, f_max=14000, n_mels=64, norm="slaney", mel_scale="slaney")
        self.decibels = torchaudio.transforms.AmplitudeToDB(top_db=None)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        import soundfile
        import soxr

        wave, rate = soundfile.read(self.files[index], dtype="float32")
        wave = soxr.resample(wave, rate, 32000, quality="HQ") if rate != 32000 else wave
        return self.decibels(self.mel(torch.from_numpy(wave))).T


class Windows(torch.utils.data.Dataset):
    """Recordings of at most a window, as Transformers' feature extractor of a model prepares them."""

    def __init__(self, files, name):
        self.files, self.extractor = files, workloads.extractor(name)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        import soundfile
        import soxr

        wave, rate = soundfile.read(self.files[index], dtype="float32")
        wave = soxr.resample(wave, rate, 16000, quality="HQ") if rate != 16000 else wave
        made = self.extractor(wave, sampling_rate=16000, return_tensors="pt")
        return next(iter(made.values()))[0]


def padded(tensors):
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)


def one_thread(_):
    torch.set_num_threads(1)


def batches(modality, items, workers, sort=True, name=""):
    """Yields (places, inputs)."""
    size = BATCH[modality]
    order = list(range(len(items)))
    if modality == "text":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(workloads.MINILM / "tokenizer.json"))
        tokenizer.enable_truncation(256)
        tokenizer.no_padding()
        ids = [encoding.ids for encoding in tokenizer.encode_batch(items)]
        order.sort(key=lambda place: -len(ids[place]))
        for start in range(0, len(order), size):
            places = order[start : start + size]
            rows = [torch.tensor(ids[place]) for place in places]
            mask = padded([torch.ones(len(row), dtype=torch.long) for row in rows])
            yield places, (padded(rows), mask)
        return
    if modality == "audio" and sort:
        import soundfile

        order.sort(key=lambda place: -soundfile.info(items[place]).duration)
    ordered = [items[place] for place in order]
    dataset = Windows(ordered, name) if name in workloads.WINDOWED else Pictures(ordered) if modality == "image" else Recordings(ordered)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=size if sort or modality == "image" else 1, num_workers=workers,
        collate_fn=torch.stack if modality == "image" else padded, worker_init_fn=one_thread, prefetch_factor=4 if workers else None)
    start = 0
    for inputs in loader:
        yield order[start : start + len(inputs)], (inputs,)
        start += len(inputs)


# --- encoders -------------------------------------------------------------------------------------------------------------


class Embedder(torch.nn.Module):
    """A network from its inputs to one embedding a sample, as a single graph."""

    def __init__(self, name):
        super().__init__()
        self.network, self.name = workloads.module(name), name

    def forward(self, inputs, mask=None):
        if mask is None:
            result = self.network(inputs)
            if self.name in workloads.WINDOWED:
                return result.pooler_output if self.name == "ast" else result.last_hidden_state.mean(1)
            return result[0] if isinstance(result, tuple) else result
        tokens = self.network(input_ids=inputs, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(tokens.dtype)
        pooled = (tokens * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(pooled, dim=1) if self.name == "minilm" else pooled


def example(name):
    modality = MODELS[name][0]
    if name in workloads.WINDOWED:
        return (torch.randn(2, 1024, 128) if name == "ast" else torch.randn(2, 80, 3000),)
    if modality == "image":
        return (torch.randn(2, 3, 224, 224),)
    if modality == "text":
        return (torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long))
    return (torch.randn(2, 200, 64),)


def exported(name):
    modality = MODELS[name][0]
    file = WORK / f"{name}.onnx"
    if not file.exists():
        names = ["inputs", "mask"][: len(example(name))]
        is_of_one_size = modality == "image" or name in workloads.WINDOWED
        axes = {key: {0: "batch"} if is_of_one_size else {0: "batch", 1: "length"} for key in names}
        torch.onnx.export(
            Embedder(name), example(name), file, input_names=names, output_names=["embedding"], dynamic_axes=axes, dynamo=False)
    return file


def dynamic_int8(name):
    """ONNX Runtime's dynamic int8, as sentence-transformers' export_dynamic_quantized_onnx_model makes it: weights by channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    file = WORK / f"{name}-int8.onnx"
    if not file.exists():
        quantize_dynamic(exported(name), file, per_channel=True, weight_type=QuantType.QInt8)
    return file


def calibrated_int8(name):
    """OpenVINO's static int8 by NNCF, calibrated on 128 sentences, with what NNCF does for Transformers (SmoothQuant)."""
    import nncf
    import openvino

    file = WORK / f"{name}-int8.xml"
    if not file.exists():
        texts = workloads.media("text", 128)
        samples = [tuple(part.numpy() for part in inputs) for _, inputs in batches("text", texts, 0)]
        model = openvino.Core().read_model(exported(name))
        openvino.save_model(
            nncf.quantize(model, nncf.Dataset(samples, list), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(samples)), file)
    return file


def encoder(library, name, precision):
    """A function from a batch of tensors to embeddings as float32 numpy; and one that waits for what is under way."""
    modality = MODELS[name][0]
    half = precision == "bf16"
    if library == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(dynamic_int8(name) if precision == "int8" else exported(name), options)
        names = [given.name for given in session.get_inputs()]
        return lambda inputs: session.run(None, dict(zip(names, (tensor.numpy() for tensor in inputs))))[0]
    if library == "openvino":
        import openvino

        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16" if half else "f32"}
        settings["INFERENCE_NUM_THREADS"] = torch.get_num_threads()
        if precision == "int8":
            del settings["INFERENCE_PRECISION_HINT"]
        model = calibrated_int8(name) if precision == "int8" else exported(name)
        request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
        return lambda inputs: request.infer([tensor.numpy() for tensor in inputs])[0].copy()
    model = Embedder(name)
    if library != "script" and modality != "text":
        model = model.to(memory_format=torch.channels_last)
    if library == "compile":
        import torch._inductor.config as inductor

        inductor.freezing = True
        model = torch.compile(model, dynamic=modality != "image" and name not in workloads.WINDOWED)

    def run(inputs):
        if library != "script" and modality == "image":
            inputs = (inputs[0].contiguous(memory_format=torch.channels_last),)
        with torch.inference_mode() if library != "compile" else torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            return model(*inputs).float().numpy()

    return run


def main():
    library, name, precision, mode = sys.argv[1:5]
    modality, count, alone = MODELS[name]
    torch.set_num_threads(int(os.environ.get("BENCH_THREADS", 2)))
    encode = encoder(library, name, precision)
    if mode == "files":
        items = workloads.media(modality, count, *sys.argv[5:])

        def run():
            is_script = library == "script"
            result = None
            for places, inputs in batches(modality, items, 0 if is_script else 2, not is_script, name):
                values = encode(inputs)
                result = np.zeros((count, values.shape[1]), np.float32) if result is None else result
                result[places] = values
            np.save(WORK / f"{library}-{name}-{precision}.npy", result)
    elif name in workloads.WINDOWED:
        chunks = [inputs for _, inputs in batches(modality, workloads.media(modality, alone), 0, True, name)]

        def run():
            for chunk in chunks:
                encode(chunk)
    else:
        from safetensors.torch import load_file

        all_inputs = load_file(WORK / f"{name}-inputs.safetensors")["inputs"]
        mask = (torch.ones_like(all_inputs),) if modality == "text" else ()
        size = BATCH[modality]
        chunks = [tuple(t[start : start + size] for t in (all_inputs, *mask)) for start in range(0, len(all_inputs), size)]

        def run():
            for chunk in chunks:
                encode(chunk)

    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        start, spent = time.perf_counter(), time.process_time()
        run()
        seconds, processor = time.perf_counter() - start, time.process_time() - spent
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
        print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak}), flush=True)


if __name__ == "__main__":
    main()
