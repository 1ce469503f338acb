"""Servers of the OpenAI-compatible interface that the tests ask, on loopback."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import torch
from tokenizers import AddedToken, Tokenizer
from transformers import MixtralConfig, MixtralForCausalLM

MODEL = Path(__file__).parents[1] / "fixture/model"


def save_constant(folder: Path, text: str) -> Path:
    """A model that writes nothing but `text`, one token of it, whatever it reads."""
    folder.mkdir()
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.add_tokens([AddedToken(text, normalized=False)])
    tokenizer.save(str(folder / "tokenizer.json"))
    shutil.copy(MODEL / "tokenizer_config.json", folder)
    size = tokenizer.get_vocab_size()
    config = MixtralConfig(
        vocab_size=size,
        hidden_size=16,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_local_experts=2,
        max_position_embeddings=4096,
        eos_token_id=0,
        bos_token_id=0,
    )
    model = MixtralForCausalLM(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if "norm" in name or "embed" in name else 0.0)
        model.lm_head.weight[size - 1] = 1.0
    model.save_pretrained(folder)
    return folder


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def transformers_serving(model: Path, scratch: Path) -> Iterator[str]:
    """The URL of transformers' own server of the model."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    (scratch / "hub").mkdir(parents=True)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(scratch / "hub")}
    program = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model)]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(
            [*program, *options], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 120
        while not answers(f"{url}/health"):
            assert process.poll() is None, (scratch / "log").read_text()
            assert time.monotonic() < deadline, (scratch / "log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


# JSON to answer a path and a body with, or a status that says why there is none.
Answer = Callable[[str, dict[str, Any]], Any]


@contextmanager
def http_serving(answer: Answer) -> Iterator[str]:
    """The URL of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or "{}")
            given = answer(self.path, body)
            status = given if isinstance(given, HTTPStatus) else HTTPStatus.OK
            found = json.dumps(given).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def do_GET(self) -> None:
            self.respond()

        def do_POST(self) -> None:
            self.respond()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
