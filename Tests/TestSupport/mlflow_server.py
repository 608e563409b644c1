#!/usr/bin/env python3
"""As much of an MLflow tracking server as `MLflowTracker` asks, for tests: experiments, runs, batches, files, all kept in memory.

Prints its address, serves on 127.0.0.1 until its standard input closes, and needs the standard library only. `GET /_log` lists what it was asked;
an experiment called "broken" takes nothing but the beginning of a run. scripts/tracking_check.py asks MLflow's own server the same.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LOG, EXPERIMENTS = [], {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def asked(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        is_json = (self.headers.get("Content-Type") or "").startswith("application/json") and data
        body = json.loads(data) if is_json else {"bytes": len(data)} if data else {}
        if parts.path != "/_log":
            LOG.append({"method": self.command, "path": parts.path, "body": body, "authorization": self.headers.get("Authorization")})
        return parts.path.rsplit("/mlflow/", 1)[-1], parse_qs(parts.query), body

    def do_GET(self):
        path, query, _ = self.asked()
        if path == "/_log":
            return self.answer(200, LOG)
        name = query["experiment_name"][0]
        if name == "secret":
            return self.answer(401, {"message": "who are you?"})
        if name not in EXPERIMENTS:
            return self.answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"})
        self.answer(200, {"experiment": {"experiment_id": EXPERIMENTS[name], "name": name, "lifecycle_stage": "active"}})

    def do_POST(self):
        path, _, body = self.asked()
        if path == "experiments/create":
            EXPERIMENTS[body["name"]] = f"e{len(EXPERIMENTS)}-{body['name']}"
            return self.answer(200, {"experiment_id": EXPERIMENTS[body["name"]]})
        if path == "runs/create":
            run = f"r{len(LOG)}-{body['experiment_id']}"
            return self.answer(200, {"run": {"info": {"run_id": run, "artifact_uri": f"mlflow-artifacts:/{run}/artifacts"}}})
        if "metrics" in body and "-broken" in body["run_id"]:
            return self.answer(500, {"message": "the store is full"})
        self.answer(200, {})

    def do_PUT(self):
        self.asked()
        self.answer(200, {})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
