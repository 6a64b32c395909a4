"""What users write, made canonical or refused: one function per kind of value, each naming the key it came from."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from .errors import Refused

# Two halves of the internet are the internet too; no provider gives one user a network this wide.
WIDE = 8


def cidr(key: str, text: Any) -> str:
    """An IPv4 network in CIDR form; refuses host bits, IPv6 and names, with the right form."""
    text = str(text).strip()
    if ":" in text:
        raise Refused(
            f"{key}: {text[:50]} is IPv6 and the box has an IPv4 address only; write your IPv4 address, as in 203.0.113.7/32"
        )
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise Refused(
            f"{key}: {text[:50]!r} is not an IPv4 network; write it as in 203.0.113.7/32, or auto for your own address"
        ) from None
    if "/" in text and str(network.network_address) != text.split("/")[0]:
        raise Refused(
            f"{key}: {text} has host bits set; write {network} for the network, or {text.split('/')[0]}/32 for the one address"
        )
    return str(network)


def is_wide(network: str) -> bool:
    """Whether a CIDR takes in the world, or so much of it that it must be meant; "auto" never does."""
    return network != "auto" and ipaddress.IPv4Network(network).prefixlen < WIDE


def own_address(text: str) -> str:
    """The one address that a source answered, as a /32; anything else must not become a rule."""
    try:
        return f"{ipaddress.IPv4Address(text)}/32"
    except ValueError:
        raise Refused(
            f"box_address_source: it answered {text[:50]!r}, which is no IPv4 address (a captive portal, or IPv6?): "
            "write your address into box_allowed_cidrs, as in 203.0.113.7/32"
        ) from None


def port_range(key: str, text: Any) -> tuple[int, int]:
    """(first, last) from "8080-8089", "80" or 80."""
    match = re.fullmatch(r"\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*", str(text))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= 65535:
        raise Refused(
            f"{key}: {str(text)[:50]!r} is not a port or a range of ports from 1 to 65535; write it as in 8080-8089"
        )
    return first, last


def asking(key: str, value: Any) -> str:
    """Whether to ask AWS: "true", "false", or "again" where it has refused."""
    text = {"yes": "true", "no": "false"}.get(str(value).lower(), str(value).lower())
    if text not in ("true", "false", "again"):
        raise Refused(f"{key}: {str(value)[:50]!r} is neither true nor false, nor again")
    return text


def usd(key: str, value: Any) -> str:
    """A price in USD per hour as text, "" for none; AWS takes none of $0.001 or less."""
    text = str(value)
    if text and not (re.fullmatch(r"\d{1,4}(\.\d{1,4})?", text) and float(text) > 0.001):
        raise Refused(f"{key}: {text[:50]!r} is not a price; write USD per hour, as in 0.45, or leave it empty")
    return str(value)


def version(key: str, value: Any) -> str:
    """A version of two numbers, "" for the newest."""
    # A number has lost its last zero: YAML reads 2.10 as 2.1.
    if isinstance(value, float) or (str(value) and not re.fullmatch(r"\d{1,2}\.\d{1,3}", str(value))):
        raise Refused(
            f'{key}: {str(value)[:50]!r} is not a version; write it in quotes, as in "2.10", or leave it empty'
        )
    return str(value)


def duration(key: str, value: Any) -> int:
    """Seconds from "90m", "2h" or "1d"; 0 is no time at all."""
    match = re.fullmatch(r"(\d{1,5})([smhd])", str(value))
    if not match and str(value) != "0":
        raise Refused(
            f"{key}: {str(value)[:50]!r} is not a length of time; write it as in 90m, 2h or 1d, or 0 for none"
        )
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]] if match else 0


def idle_minutes(key: str, value: Any) -> int:
    """Whole minutes from 5 to 1440; 0 for off, which YAML reads as false."""
    if str(value).lower() in ("off", "false", "no"):
        return 0
    if not re.fullmatch(r"[0-9]{1,4}", str(value)) or not 5 <= int(value) <= 1440:
        raise Refused(f"{key}: {str(value)[:50]!r} is not a time in minutes; write 5 to 1440, as in 60, or off")
    return int(value)


def choice(key: str, value: Any, options: tuple[str, ...]) -> str:
    """One of the options, exactly."""
    if value not in options:
        raise Refused(f"{key}: {str(value)[:50]!r} is not one of {', '.join(options)}")
    return str(value)


def gib(key: str, value: Any) -> int:
    """A disk size in GiB, 8 to 16384 (gp3's range, from 8 because Ubuntu's snapshot is that large)."""
    if not re.fullmatch(r"[0-9]{1,5}", str(value)) or not 8 <= int(value) <= 16384:
        raise Refused(f"{key}: {str(value)[:50]!r} is not a disk size; write whole GiB from 8 to 16384, as in 100")
    return int(value)


def instance_type(key: str, value: Any) -> str:
    """The form of an instance type; whether it exists is for AWS to say."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,20}\.[a-z0-9-]{1,20}", str(value)):
        raise Refused(f"{key}: {str(value)[:50]!r} is not an instance type; write it as in g5.xlarge")
    return str(value)


def hours(key: str, value: Any) -> int:
    """Hours of a day that may pass before something is said, 1 to 23; 0 says nothing."""
    if not re.fullmatch(r"[0-9]{1,2}", str(value)) or not 0 <= int(value) <= 23:
        raise Refused(f"{key}: {str(value)[:50]!r} is not a number of hours; write 1 to 23, or 0 for no alarm")
    return int(value)


def email(key: str, value: Any) -> str:
    """One plain e-mail address, or nothing."""
    text = str(value)
    if text and (
        len(text) > 254 or not re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]+@([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}", text, re.A)
    ):
        raise Refused(f"{key}: {text[:50]!r} is not one e-mail address; write it as in you@example.org")
    return text
