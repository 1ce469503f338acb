"""Serves GET /progress, which the operator reads while the pod runs."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from stun.fields import invalid
from stun.progress import Progress

MOST = 65535


def start_progress_server(progress: Progress) -> None:
    """Only where STUN_PROGRESS_PORT is set; a daemon thread that ends with the process."""
    port = os.environ.get("STUN_PROGRESS_PORT")
    if not port:
        return
    if not port.isdecimal() or not 1 <= int(port) <= MOST:
        raise invalid(f"STUN_PROGRESS_PORT is {port!r}; write a port from 1 to {MOST}.")
    host = os.environ.get("STUN_PROGRESS_HOST", "0.0.0.0")
    try:
        server = ProgressServer((host, int(port)), handler(progress))
    except OSError as error:
        # A run is worth more than the view of it.
        progress.say(f"Progress is not served: {host}:{port} cannot be used ({error.strerror}).")
        return
    Thread(target=server.serve_forever, name="progress", daemon=True).start()


class ProgressServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever gave up waiting is no news, and a killed run's last words are its log's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def handler(progress: Progress) -> type[BaseHTTPRequestHandler]:
    class ProgressHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            if self.path != "/progress":
                self.send_error(404)
                return
            body = json.dumps(progress.snapshot()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """stderr belongs to the run's own progress."""

    return ProgressHandler
