"""An export of `braid embed` as arrays."""

import json
import pathlib
from collections.abc import Mapping


class Embeddings(Mapping):
    """Embeddings by name (`image`, `text`, `audio`, `fused`), each a float32 array `[N, D]`, rows in the order of `ids`.

    `present[NAME]` is a boolean array `[N]`: where a sample lacks the modality it is False, and the row is zeros.
    """

    def __init__(self, ids, arrays, present, index):
        self.ids, self._arrays, self.present, self.index = ids, arrays, present, index

    def __getitem__(self, name):
        return self._arrays[name]

    def __iter__(self):
        return iter(self._arrays)

    def __len__(self):
        return len(self._arrays)

    def __repr__(self):
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in self.items())
        return f"braid.Embeddings({shapes})"

    @staticmethod
    def require_numpy():
        """numpy, or an ImportError that says what to install."""
        try:
            import numpy
        except ImportError as error:
            raise ImportError("braid.embed gives numpy's arrays: install numpy (pip install numpy)") from error
        return numpy

    @classmethod
    def read(cls, folder, mapped=True):
        """Reads a folder that `braid embed` wrote as `safetensors` (the default) or as `npy`.

        With `mapped`, arrays of an npy export that has one part stay on disk until they are used.
        """
        numpy = cls.require_numpy()
        folder = pathlib.Path(folder)
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        names = [each["name"] for each in index["embeddings"]]
        stems = [part["stem"] for part in index["parts"]]
        if index["format"] not in ("npy", "safetensors"):
            raise ValueError(f"{folder}: an export as {index['format']}; read it as text, or write it as npy or safetensors")
        ids = []
        for stem in stems:
            with open(folder / f"{stem}.ids.txt", encoding="utf-8", newline="\n") as file:
                ids += [line.rstrip("\n") for line in file]
        if index["format"] == "npy":
            mode = "r" if mapped else None
            parts = [lambda key, stem=stem: numpy.load(folder / f"{stem}.{key}.npy", mmap_mode=mode) for stem in stems]
            keys = lambda stem: {path.name[len(stem) + 1:-4] for path in folder.glob(f"{stem}.*.npy")}
        else:
            opened = {stem: _safetensors(folder / f"{stem}.safetensors", numpy) for stem in stems}
            parts = [opened[stem].__getitem__ for stem in stems]
            keys = lambda stem: set(opened[stem])
        known = keys(stems[0]) if stems else set()

        def joined(key, width=None):
            arrays = [part(key) for part in parts]
            if not arrays:
                return numpy.zeros((0, width) if width else (0,), "float32" if width else bool)
            return arrays[0] if len(arrays) == 1 else numpy.concatenate(arrays)

        arrays = {each["name"]: joined(each["name"], each["dimension"]) for each in index["embeddings"]}
        present = {
            name: joined(f"{name}_present").astype(bool) if f"{name}_present" in known or not stems
            else numpy.ones(len(ids), bool)
            for name in names
        }
        return cls(ids, arrays, present, index)


def _safetensors(path, numpy):
    """A safetensors file of float32 and uint8: eight bytes of length, a JSON header, the values."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    kinds = {"F32": "<f4", "U8": "u1"}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = numpy.frombuffer(data[8 + size + begin:8 + size + end], kinds[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"])
    return tensors
