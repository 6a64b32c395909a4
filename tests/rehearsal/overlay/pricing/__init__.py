"""The Price List Query API over a dated file, in moto's layout; moto has none."""

from .models import pricing_backends  # noqa: F401
