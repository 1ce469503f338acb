"""Where a run stands, as a terminal, a log and a client of its endpoint are told."""

import json
import socket
import struct
import urllib.error
import urllib.request
from io import StringIO

import pytest

from stun.errors import StunError
from stun.progress import Progress, bar
from stun.progress_server import ProgressServer, handler, start_progress_server
from tests.conftest import PROGRESS_FIELDS
from tests.minio import free_port


@pytest.mark.parametrize("port", ["x", "-1", "0", "65536", "\N{SUPERSCRIPT TWO}"])
def test_a_port_that_is_none(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUN_PROGRESS_PORT", port)
    with pytest.raises(StunError, match="STUN_PROGRESS_PORT") as refused:
        start_progress_server(Progress(StringIO()))
    assert refused.value.reason == "RecipeInvalid"


def test_a_port_in_use_stops_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("STUN_PROGRESS_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("STUN_PROGRESS_HOST", "127.0.0.1")
        said = StringIO()
        start_progress_server(Progress(said))
    assert "Progress is not served" in said.getvalue()


def test_progress_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("STUN_PROGRESS_PORT", str(port))
    monkeypatch.setenv("STUN_PROGRESS_HOST", "127.0.0.1")
    progress = Progress(StringIO())
    start_progress_server(progress)
    url = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{url}/progress") as answer:
        state = json.load(answer)
    assert state.keys() == PROGRESS_FIELDS
    assert (state["stage"], state["percent"], state["runKey"]) == ("Inspect", None, None)
    progress.run_key = "0123456789abcdef"
    progress.plan(3)
    progress.enter("Weights")
    progress.layer = 1
    progress.advance()
    with urllib.request.urlopen(f"{url}/progress") as answer:
        state = json.load(answer)
    assert (state["stage"], state["layer"], state["layers"]) == ("Weights", 1, 3)
    assert (state["percent"], state["runKey"]) == (25, "0123456789abcdef")
    assert state["estimatedRemainingSeconds"] >= 0
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{url}/other")


def test_a_client_that_gave_up_is_not_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressServer(("127.0.0.1", 0), handler(Progress(StringIO()))) as server:
        with socket.create_connection(("127.0.0.1", server.server_port)) as client:
            # Closed by a reset, which the answer runs into.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"GET /progress HTTP/1.0\r\n\r\n")
        server.process_request_thread(*server.get_request())
    assert capsys.readouterr().err == ""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar() -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    progress.plan(1)
    progress.advance()
    progress.layer = 1
    progress.advance()
    assert "[###############...............]  50 % Inspect" in terminal.getvalue()
    assert terminal.getvalue().endswith("100 % Inspect layer 1/1 0:00 left\n")


def test_the_bar_shows_what_is_left() -> None:
    state = {
        "percent": 40, "stage": "Weights", "layer": 4, "layers": 9,
        "estimatedRemainingSeconds": 125,
    }  # fmt: skip
    assert bar(state).endswith(" 40 % Weights layer 4/9 2:05 left")
