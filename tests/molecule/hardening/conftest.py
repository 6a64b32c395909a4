"""What the checks of this scenario share."""

import pytest
from there import on_box


@pytest.fixture(autouse=True)
def nobody_is_shut_out() -> None:
    """Each check starts without bans."""
    on_box("fail2ban-client unban --all")
