"""What the clients of the hub leave in its cache, of a tiny BERT, one of sentence-transformers, and a ResNet.

Writes fixtures/hub_caches.json, a row a client: what `loaded` which `repository` of what `listing`, and in the folder of its
cache the `snapshot`'s files, the files known to be `absent` (.no_exist), whether a list of all files is there (`tree`,
trees/COMMIT.json), and the JSON texts of the snapshot (`contents`) that say what belongs to it.

Requirements: torch 2.13.0 (CPU), transformers 5.23.0, sentence-transformers 6.2.0 (--no-deps), huggingface_hub 2.4.0,
scikit-learn, scipy, tqdm.
Command: python scripts/references/hub_caches.py
"""

import hashlib
import os
import pathlib
import sys
import tempfile
import threading

from fixture_files import ROOT, save_rows

sys.path.insert(0, str(ROOT / "Tests" / "TestSupport"))
import hub_server  # noqa: E402

LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + LETTERS + [f"##{letter}" for letter in LETTERS]
COMPLETE = "snapshot_download(NAME)"
CASES = [
    ("x/sentence", COMPLETE),
    ("x/sentence", 'snapshot_download(NAME, allow_patterns=["*.json", "*.safetensors"])'),
    ("x/sentence", "SentenceTransformer(NAME)"),
    ("x/sentence", "AutoTokenizer.from_pretrained(NAME), AutoModel.from_pretrained(NAME)"),
    ("x/bert", "SentenceTransformer(NAME)"),
    ("x/bert", "AutoTokenizer.from_pretrained(NAME), AutoModel.from_pretrained(NAME)"),
    ("x/resnet", "AutoModel.from_pretrained(NAME), hf_hub_download(NAME, 'preprocessor_config.json')"),
    ("x/resnet", "AutoModel.from_pretrained(NAME)"),
    ("x/timm", "hf_hub_download(NAME, 'config.json'), hf_hub_download(NAME, 'model.safetensors')"),
]


def make(folder):
    """Writes the repositories' files."""
    import transformers
    from sentence_transformers import SentenceTransformer

    bert, sentence, resnet, timm = (folder / name for name in ("bert", "sentence", "resnet", "timm"))
    bert.mkdir()
    (bert / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    transformers.BertTokenizer(str(bert / "vocab.txt"), model_max_length=32).save_pretrained(bert)
    sizes = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    config = transformers.BertConfig(vocab_size=len(WORDS), max_position_embeddings=32, **sizes)
    transformers.BertModel(config).save_pretrained(bert)
    SentenceTransformer(str(bert)).save(str(sentence))
    small = transformers.ResNetConfig(embedding_size=4, hidden_sizes=[4, 8, 8, 8], depths=[1, 1, 1, 1])
    transformers.ResNetModel(small).save_pretrained(resnet)
    (resnet / "preprocessor_config.json").write_text('{"size": 224}')
    timm.mkdir()
    (timm / "config.json").write_text('{"architecture": "resnet18", "pretrained_cfg": {}}')
    (timm / "model.safetensors").write_bytes((resnet / "model.safetensors").read_bytes())


def serve(folder):
    """Serves each folder of `folder` as the repository x/NAME; gives the hub's address."""
    found = {}
    for place in folder.iterdir():
        files = {".gitattributes": hub_server.File(b"*.safetensors filter=lfs\n")}
        for path in sorted(place.rglob("*")):
            if path.is_file():
                name = path.relative_to(place).as_posix()
                files[name] = hub_server.File(path.read_bytes(), lfs=path.suffix == ".safetensors")
        repository = hub_server.Repository(files)
        repository.sha = hashlib.sha1(place.name.encode()).hexdigest()
        found[f"x/{place.name}"] = repository
    hub_server.repositories = lambda big: found
    servers = [hub_server.Server(("127.0.0.1", 0), hub_server.Handler) for _ in range(2)]
    urls = [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for role, server in zip(("hub", "cdn"), servers):
        server.role, server.cdn, server.hubs, server.big = role, urls[1], {"": hub_server.Hub(0)}, 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return urls[0], found


def run(name, client, cache, address):
    """Runs `client` in a process of its own, for the libraries read their variables once."""
    lines = [
        "from huggingface_hub import hf_hub_download, snapshot_download",
        "from transformers import AutoModel, AutoTokenizer",
        "from sentence_transformers import SentenceTransformer",
        client.replace("NAME", repr(name)),
    ]
    settings = {"HF_ENDPOINT": address, "HF_HUB_CACHE": str(cache), "HF_HOME": str(cache), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    pid = os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-c", "\n".join(lines)], os.environ | settings)
    assert pid == 0, client


def row(name, client, repository, cache):
    place = cache / ("models--" + name.replace("/", "--"))
    snapshot = place / "snapshots" / repository.sha

    def names(folder):
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())

    texts = [n for n in names(snapshot) if n.split("/")[-1] in ("config.json", "modules.json")]
    return {
        "loaded": client,
        "repository": name,
        "listing": sorted(repository.files),
        "snapshot": names(snapshot),
        "absent": names(place / ".no_exist" / repository.sha),
        "tree": (place / "trees" / f"{repository.sha}.json").exists(),
        "contents": {n: (snapshot / n).read_text() for n in texts},
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "models").mkdir()
        make(folder / "models")
        address, found = serve(folder / "models")
        rows = []
        for index, (name, client) in enumerate(CASES):
            cache = folder / f"cache-{index}"
            run(name, client, cache, address)
            rows.append(row(name, client, found[name], cache))
        save_rows("hub_caches.json", rows)
