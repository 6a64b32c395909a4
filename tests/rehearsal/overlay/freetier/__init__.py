"""The account's plan, in moto's layout; moto has none."""

from .models import freetier_backends  # noqa: F401
