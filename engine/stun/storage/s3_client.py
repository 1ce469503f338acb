"""The S3 client, and what its failures mean in sentences."""

import os
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from stun.storage.base import Fault

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from types_boto3_s3 import S3Client

CREDENTIALS = (
    "give AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION and, where it is not AWS, "
    "S3_ENDPOINT with its scheme, all in the data of the ServiceAccount's Secret "
    "(endpoint annotations are not seen)"
)
# Servers disagree on the status of these: AWS says 403, others 400.
DENIED = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}
# Half a minute of a busy server (503 SlowDown), by boto's growing pauses; then the run gives up
# and is retried as a whole. AWS_MAX_ATTEMPTS is boto's own name for another number.
MOST_ATTEMPTS = 8
# Reads and writes at the same time; boto keeps 10 and drops the others after each request.
CONNECTIONS = 16


def make_client() -> "S3Client":
    """A client for AWS or, with S3_ENDPOINT, for any server that speaks S3."""
    from botocore.config import Config
    from botocore.session import Session

    endpoint = os.environ.get("S3_ENDPOINT") or None
    session = Session()
    session.register_component("data_loader", descriptions())
    # Servers other than AWS are often reached by an address that has no bucket subdomains.
    attempts = int(os.environ.get("AWS_MAX_ATTEMPTS") or MOST_ATTEMPTS)
    style: Literal["path", "auto"] = "path" if endpoint else "auto"
    client = session.create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=session.get_config_variable("region") or "us-east-1",
        config=Config(
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": attempts},
            s3={"addressing_style": style},
        ),
    )
    return cast("S3Client", client)


@cache
def descriptions() -> "Loader":
    """Of the services, by boto itself: parsing them takes longer than all else of a client."""
    from botocore.loaders import create_loader

    return create_loader()


def explain(what: str, error: ClientError | BotoCoreError) -> tuple[Fault, str]:
    """The kind of a failure and its sentence."""
    if isinstance(error, ClientError):
        return explain_answer(what, error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "denied", f"There are no S3 credentials to access {what}: {CREDENTIALS}."
    return "unavailable", f"{what} could not be reached: {error}; the run is retried."


def explain_answer(what: str, error: ClientError) -> tuple[Fault, str]:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket":
        return "no bucket", f"The bucket of {what} does not exist; make it or correct the URI."
    if status in (401, 403) or code in DENIED:
        return "denied", f"S3 refused access to {what} ({code}): {CREDENTIALS}."
    if status == 404:
        return "missing", f"{what} does not exist; check the URI."
    if status == 412:
        return "unavailable", f"{what} changed while it was read; leave it alone, it is retried."
    return "unavailable", f"{what} failed with S3 error {code}; the run is retried."
