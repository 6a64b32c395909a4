"""EC2's errors as the patches raise them."""

from __future__ import annotations

from moto.ec2.exceptions import EC2ClientError


def refuse(code: str, message: str) -> Exception:
    """An EC2 error with AWS's own code and text."""
    error: Exception = EC2ClientError(code, message)
    return error
