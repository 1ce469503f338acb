"""What can go wrong, as the operator sees it: a reason, a sentence, an exit code.

The operator decides by the exit code whether a retry can help and shows the reason
and the sentence to the user, so every failure a user can cause is raised from here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

EXIT_CODES = {
    "Internal": 1,
    "RecipeInvalid": 2,
    "ModelNotFound": 2,
    "ModelUnreadable": 2,
    "ModelCorrupt": 2,
    "NotMoE": 2,
    "TooFewExperts": 2,
    "UnsupportedFamily": 2,
    "QuantizedModel": 2,
    "SparsityTooLow": 2,
    "CalibrationInvalid": 2,
    "QualityDataInvalid": 2,
    "OutputConflict": 2,
    "SigningKeyInvalid": 2,
    "SignatureInvalid": 2,
    "StorageUnavailable": 3,
    "EndpointUnavailable": 3,
    "Interrupted": 143,
    "QualityRefused": 4,
    "DroppedLoadExceeded": 4,
    "OutOfGPUMemory": 5,
    "GPUFailed": 6,
}


class StunError(Exception):
    """A failure with a reason of the table above and a sentence for the user."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.exit_code = EXIT_CODES[reason]


class NotFiniteError(StunError):
    """A NaN or an infinity in the model; `what` has it, and `naming` says where that is."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "ModelCorrupt",
            f"{what} has weights or inputs that are not finite; copy the model again from its "
            "source.",
        )
        self.what = what


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Says in which place what is not finite was found: the algorithms do not know it."""
    try:
        yield
    except NotFiniteError as error:
        raise NotFiniteError(f"{error.what} of {place}") from error


class Interrupted(BaseException):
    """SIGTERM. Not an Exception, so that no handler of failures can swallow it."""
