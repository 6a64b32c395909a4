"""After a run that set a new password and token: who was signed in before is not any more."""

import urllib.request

from browser.notebook import Notebook


def test_the_old_session_has_ended(box: Notebook, session: urllib.request.OpenerDirector) -> None:
    assert box.answers(session) == 403


def test_the_new_password_opens_it(box: Notebook) -> None:
    assert box.sign_in(box.password) == 200
