"""Service Quotas for EC2, in moto's layout; it replaces moto's own, which knows only VPC."""

from .models import servicequotas_backends  # noqa: F401
