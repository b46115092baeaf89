"""A clinic's identity provider (OpenID Connect), as small as the protocol allows: one signed-in account.

It speaks discovery, authorisation code with PKCE and nonce, and signed ID tokens [1]_.

.. [1] OpenID Connect Core 1.0, sections 2 and 3.1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT_ID, CLIENT_SECRET = "smp-tracker", "the clinic's secret"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Provider:
    """`account` is who is signed in at the provider; `verified` whether their address is."""

    port: int
    account: str = ""
    verified: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        whole = {"n": numbers.n, "e": numbers.e}
        parts = {k: _b64(v.to_bytes((v.bit_length() + 7) // 8, "big")) for k, v in whole.items()}
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", **parts}]}

    def authorise(self, asked: dict[str, str]) -> str:
        """Address to go back to, with a code."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        asked = self._codes.pop(form["code"])  # a code counts once
        assert form["redirect_uri"] == asked["redirect_uri"]
        if "code_challenge" in asked:
            proof = hashlib.sha256(form["code_verifier"].encode()).digest()
            assert _b64(proof) == asked["code_challenge"]
        now = int(time.time())
        claims = {
            "iss": self.address,
            "sub": self.account,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 600,
            "email": self.account,
            "email_verified": self.verified,
        }
        if "nonce" in asked:
            claims["nonce"] = asked["nonce"]
        return {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": 600,
            "id_token": self._signed(claims),
        }

    def _signed(self, claims: dict[str, Any]) -> str:
        head = {"alg": "RS256", "typ": "JWT", "kid": "1"}
        text = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_b64(signature)}"


@contextmanager
def identity_provider() -> Iterator[Provider]:
    """A provider on a free port, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorise(asked))
                self.end_headers()
                return
            found = {
                "/.well-known/openid-configuration": provider.discovery,
                "/jwks": provider.keys,
            }.get(parts.path)
            self._say(found() if found else None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(provider.token(form) if self.path == "/token" else None)

        def _say(self, content: dict[str, Any] | None) -> None:
            data = json.dumps(content or {}).encode()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
