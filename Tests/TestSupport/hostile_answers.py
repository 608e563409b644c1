"""Answers that are meant to take a client's memory or time, whatever repository is asked for. Imported by hub_server.py."""
import gzip
import time

PATHS = ("/_endless", "/_slow", "/_packed")


def send(handler, path):
    """Three GB as fast as it goes, one byte now and then, or zeros that are packed into a thousandth of their bytes."""
    handler.close_connection = True
    packed = gzip.compress(bytes(300_000_000), 1) if path == "/_packed" else b""
    handler.send_response(200)
    if packed:
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(packed)))
    handler.end_headers()
    pieces = [packed] if packed else (b"x" * (65536 if path == "/_endless" else 1) for _ in range(50_000))
    try:
        for piece in pieces:
            handler.wfile.write(piece)
            time.sleep(0.05 if path == "/_slow" else 0)
    except OSError:
        pass  # The client has given up, as it should.
