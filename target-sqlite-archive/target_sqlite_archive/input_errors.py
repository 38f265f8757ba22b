"""The errors of an input that is not what the Singer format asks for; they stop the run.

They are the SDK's errors too, for those who call the target from Python. All other errors, and the
tree, are in ``errors.py``, which the reading commands load without the SDK.
"""

from __future__ import annotations

from singer_sdk.exceptions import (
    InvalidInputLine,
    InvalidJSONSchema,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)

from target_sqlite_archive.errors import TargetError


class InputError(TargetError, InvalidInputLine):
    """A line of the input is no Singer message."""


class RecordBeforeSchemaError(InputError, RecordsWithoutSchemaException):
    """A message names a stream whose SCHEMA has not come yet."""


class MissingKeyError(InputError, MissingKeyPropertiesError):
    """A record lacks a property that its stream's key needs."""


class BadSchemaError(InputError, InvalidJSONSchema):
    """A SCHEMA message cannot be turned into a table."""
