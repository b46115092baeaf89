"""A proxy before a server of the tests that answers in good time, slowly, or not at all."""

from __future__ import annotations

import socket
import threading
import time
from enum import Enum, auto
from urllib.parse import urlsplit


class Mood(Enum):
    """What the proxy does with a request and its answer."""

    QUICK = auto()
    STALLED = auto()
    """Takes the request and says nothing: the server never hears of it."""
    ANSWER_LOST = auto()
    """The server does what it is asked; its answer does not come through."""
    TRICKLE = auto()
    """The answer comes through a byte at a time."""


class SlowProxy:
    """Stands before the server at `address`; set `mood` at any time."""

    def __init__(self, address: str) -> None:
        there = urlsplit(address)
        self._there = (str(there.hostname), int(there.port or 80))
        self.mood = Mood.QUICK
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        for each in self._open:
            each.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._there)
            except OSError:
                return
            self._open += [client, server]
            for work in (self._requests, self._answers):
                threading.Thread(target=work, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(65_536):
                if self.mood is not Mood.STALLED:
                    server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := server.recv(65_536):
                if self.mood is Mood.QUICK:
                    client.sendall(data)
                while self.mood is Mood.TRICKLE and data:
                    client.sendall(data[:1])
                    data = data[1:]
                    time.sleep(0.05)
            if self.mood is not Mood.ANSWER_LOST:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            return
