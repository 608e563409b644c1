"""Reads back what a training tells TensorBoard and MLflow, with the packages' own readers.

Trains a small run on datasets/digits with an MLflow server of its own on 127.0.0.1, and compares with metrics.jsonl and run.json: every scalar, the
precision-recall curves (against scikit-learn's definition, by counting), the projector's files, and MLflow's parameters, metrics, status and report.

Usage: scripts/tracking.sh, which installs the pinned packages; or python3 scripts/tracking_check.py BRAID with tensorboard and mlflow at hand.
"""

import csv
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
DIGITS = ROOT / "datasets/digits"


def scalars(record):
    found = {"loss/train": record["train_loss"], "learning_rate": record["learning_rate"], **record["figures"]}
    if record.get("val_loss") is not None:
        found["loss/val"] = record["val_loss"]
    return found | {f"val/{name}": value for name, value in record["val"].items()}


def close(a, b):
    return abs(a - b) <= 1e-6 * max(1, abs(a), abs(b))


def check_tensorboard(run, history):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.projector import projector_config_pb2
    from tensorboard.util import tensor_util
    from google.protobuf import text_format

    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    values = {tag: [event.value for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    for number, record in enumerate(history):
        for name, value in scalars(record).items():
            assert close(values[name][number], value), (name, number, values[name][number], value)
    rows = list(csv.DictReader((run / "predictions.csv").open()))
    classes = [name[2:] for name in rows[0] if name.startswith("p_")]
    tags = events.PluginTagToContent("pr_curves")
    assert set(tags) == {f"test/{name}/pr_curves" for name in classes}, tags
    for name in classes:
        (event,) = events.Tensors(f"test/{name}/pr_curves")
        found = tensor_util.make_ndarray(event.tensor_proto)
        assert found.shape == (6, 201), found.shape
        for place in (0, 50, 100, 150, 200):
            # At the edge of a step the six decimal places of the file may fall on the other side.
            taken = [row for row in rows if float(row[f"p_{name}"]) >= place / 200]
            edge = sum(abs(float(row[f"p_{name}"]) - place / 200) < 2e-6 for row in rows)
            hits = sum(row["label"] == name for row in taken)
            assert abs(found[0][place] - hits) <= edge and abs(found[1][place] - (len(taken) - hits)) <= edge, (name, place)
    config = text_format.Parse((run / "projector_config.pbtxt").read_text(), projector_config_pb2.ProjectorConfig())
    (embedding,) = config.embeddings
    tensors = [line.split("\t") for line in (run / embedding.tensor_path).read_text().splitlines()]
    metadata = list(csv.DictReader((run / embedding.metadata_path).open(), delimiter="\t"))
    by_id = {row["id"]: row for row in rows}
    assert len(tensors) == len(metadata) == len(rows) and len({len(row) for row in tensors}) == 1
    assert all(by_id[row["id"]]["prediction"] == row["prediction"] and by_id[row["id"]]["label"] == row["label"] for row in metadata)
    print(f"TensorBoard reads {len(values)} scalars of {len(history)} epochs, {len(tags)} precision-recall curves, {len(tensors)} embeddings of {len(tensors[0])}")


def check_mlflow(address, run, history):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)
    experiment = client.get_experiment_by_name("read back")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED" and found.info.run_name == run.name, found.info
    for record in history:
        for name, value in scalars(record).items():
            logged = [metric.value for metric in client.get_metric_history(found.info.run_id, name) if metric.step == record["epoch"]]
            assert len(logged) == 1 and close(logged[0], value), (name, record["epoch"], logged, value)
    record = json.loads((run / "run.json").read_text())
    for name, value in record["test"].items():
        assert close(found.data.metrics[f"test/{name}"], value), name
    assert found.data.params["training.epochs"] == "6" and found.data.params["fusion.type"] == "gated", found.data.params
    assert found.data.tags["braid.manifest_sha256"] == record["manifest_sha256"]
    names = {item.path for item in client.list_artifacts(found.info.run_id)}
    assert {"report.html", "config.yaml", "run.json"} <= names, names
    with tempfile.TemporaryDirectory() as folder:
        page = client.download_artifacts(found.info.run_id, "report.html", folder)
        assert pathlib.Path(page).read_bytes() == (run / "report.html").read_bytes()
    print(f"MLflow reads {len(found.data.params)} parameters, {len(found.data.metrics)} metrics, {sorted(names)}")


def main():
    braid = pathlib.Path(sys.argv[1]).resolve()
    os.environ.setdefault("BRAID_WEIGHTS", str(ROOT / ".deps/weights"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        command = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")]
        with (folder / "server.log").open("w") as log:
            server = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, cwd=folder)
        try:
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"{address}/health", timeout=2).read()
                    break
                except OSError:
                    if server.poll() is not None:
                        sys.exit("the MLflow server ended:\n" + (folder / "server.log").read_text()[-3000:])
                    time.sleep(0.5)
            else:
                sys.exit("the MLflow server does not answer:\n" + (folder / "server.log").read_text()[-3000:])
            run = folder / "run"
            keys = ["fusion.type=gated", "training.epochs=6", "training.early_stopping.patience=0", f"tracking.mlflow={address}", "tracking.experiment=read back"]
            subprocess.run([str(braid), "train", str(DIGITS / "config.yaml"), "--out", str(run), "--quiet", *[word for key in keys for word in ("--set", key)]], check=True, stdout=subprocess.DEVNULL)
            history = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
            assert len(history) == 6
            check_tensorboard(run, history)
            check_mlflow(address, run, history)
        finally:
            server.terminate()
            server.wait(timeout=30)


if __name__ == "__main__":
    main()
