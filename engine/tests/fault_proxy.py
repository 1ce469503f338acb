"""A proxy on loopback that does to a real S3 server's answers what networks and servers do.

It passes every request on unless a fault matches. Signatures stay valid because they cover the
Host header that the client sent, which is passed on as it came.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from urllib.parse import urlsplit

ERROR = "<Error><Code>{code}</Code><Message>As the test asks.</Message></Error>"
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
# Headers that speak of one connection and are not passed on.
OWN = ("expect", "connection", "transfer-encoding", "content-length")
Strike = Callable[["Handler", bytes], None]


@dataclass
class Fault:
    """Strikes the requests of a method whose target contains a text, so many times."""

    method: str
    part: str
    strike: Strike
    times: float = inf
    struck: int = 0


@dataclass
class FaultProxy:
    upstream: str
    endpoint: str = ""
    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self, method: str, part: str, strike: Strike, times: float = inf, after: int = 0
    ) -> Fault:
        """The first `after` matches are let through."""
        fault = Fault(method, part, strike, times, after)
        self.faults.append(fault)
        return fault

    def match(self, method: str, target: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.part in target and fault.struck < fault.times:
                    fault.struck += 1
                    return fault
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultProxy

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.proxy.match(self.command, self.path)
        if fault is None:
            self.forward(body)
        else:
            fault.strike(self, body)

    def forward(self, body: bytes, most: int | None = None) -> None:
        """Passes a request on and its answer back, of whose body no more than `most` bytes."""
        headers = {
            k: v for k, v in self.headers.items() if k.lower() not in ("expect", "connection")
        }
        connection = http.client.HTTPConnection(self.proxy.upstream)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data if most is None else data[:most])
        self.close_connection = most is not None

    def refuse(self, status: int, code: str) -> None:
        data = ERROR.format(code=code).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def answer(status: int, code: str) -> Strike:
    """An error of S3 instead of the object."""
    return lambda handler, _: handler.refuse(status, code)


def close_early(most: int) -> Strike:
    """The connection ends after some bytes of the body."""
    return lambda handler, body: handler.forward(body, most)


def hang_up(handler: Handler, body: bytes) -> None:
    """No answer at all."""
    handler.close_connection = True


def flip_a_bit(handler: Handler, body: bytes) -> None:
    """What a cable or a memory does to an upload."""
    handler.forward(body[:-1] + bytes([body[-1] ^ 1]))


def do_first(act: Callable[[], object]) -> Strike:
    """Something happens before the request gets through."""

    def strike(handler: Handler, body: bytes) -> None:
        act()
        handler.forward(body)

    return strike


@contextmanager
def running_proxy(endpoint: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(urlsplit(endpoint).netloc)
    answers = {f"do_{method}": Handler.handle_request for method in METHODS}
    bound = type("BoundHandler", (Handler,), {"proxy": proxy, **answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    proxy.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
