"""What a URL that serves no model answers, in one sentence."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from stun.endpoint.served import model_name
from stun.errors import StunError


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the name that http.server calls
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>welcome</html>")


def test_a_page_is_no_list_of_models() -> None:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(StunError, match="could not be asked") as refused:
            model_name(f"http://127.0.0.1:{server.server_port}/v1")
    assert refused.value.reason == "EndpointUnavailable"
