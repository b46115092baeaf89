"""A local S3 server for the tests (moto's), started on first use and stopped at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "clinic"


@contextmanager
def s3_server() -> Iterator[str]:
    """Start a server with one bucket; gives its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="tester",
            aws_secret_access_key="tester",
        ).create_bucket(Bucket=BUCKET)
        yield address
    finally:
        server.stop()
