"""What the unit tables share: properties without a deadline, because the machine may be busy."""

from hypothesis import settings

settings.register_profile("dlbox", deadline=None, max_examples=60)
settings.load_profile("dlbox")
