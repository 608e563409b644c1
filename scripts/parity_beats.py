"""BEATs at the size of its published checkpoints, which scripts/parity.py compares: cases as in parity_models.py."""

import audio_encoders
import soundfile
import torch
from audio_transformers import windows
from beats import PUBLISHED, encode_with, model_of
from parity_media import recordings


def beats(folder):
    """A .pt as the authors publish them, without any file beside it; and a recording that is cut into windows."""
    model, _ = model_of(PUBLISHED)
    weights = {name.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v"): tensor
               for name, tensor in model.state_dict().items()}
    torch.save({"cfg": PUBLISHED, "model": weights}, folder / "BEATs.pt")
    files = recordings(folder, 16000, 0.5) + [folder / "long.wav"]
    soundfile.write(files[-1], audio_encoders.sound(16000, 368000, seed=9), 16000, subtype="FLOAT")
    encode = encode_with(model)
    waves = [soundfile.read(file, dtype="float32")[0] for file in files]
    expected = [torch.cat([encode(part)[2] for part in windows(wave, 160000, 160000)]).mean(0) for wave in waves]
    return "audio", {"weights": folder / "BEATs.pt", "encoder": "beats"}, files, torch.stack(expected)


def cases():
    return {"BEATs (speechbrain's copy of the authors' code, .pt)": beats}
