"""Rows 13 and 14: credentials that are missing, expired or for another account or region, and keys that do not match."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import aws
from drift.provision import Provision
from rehearsal.testing import Server

from .lab import ONE_BOX, is_sentence, kinds, sound

MINE, OTHER = "111111111111", "222222222222"


@pytest.fixture
def real(provision: Provision, monkeypatch: pytest.MonkeyPatch) -> Provision:
    """The same with credentials of an account that is no rehearsal's."""
    provision.environment(provision.server.env_for(MINE))
    monkeypatch.setattr(aws, "is_loopback", lambda url: False)
    provision.settings["box_address_source"] = f"{provision.server.url}/dlbox/checkip"
    return provision


def refused(provision: Provision, said: str, **settings: Any) -> None:
    """A run ends with one sentence, in check mode too, before any write."""
    provision.server.forget_calls()
    for check in (True, False):
        run = provision(check=check, **settings)
        assert said in run.said
        assert is_sentence(run.said)
    assert provision.server.calls(writes=True) == []


def test_13_no_credentials(provision: Provision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE")
    provision.environment({"AWS_CONFIG_FILE": "/dev/null", "AWS_ENDPOINT_URL": provision.server.url})
    refused(provision, "no AWS credentials were found: run `aws configure`")
    assert provision.server.calls() == []


def test_13_an_unknown_profile(provision: Provision) -> None:
    refused(provision, "box_profile or AWS_PROFILE names a profile that does not exist", box_profile="nobody")
    assert provision.server.calls() == []


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
@pytest.mark.parametrize("action", ["GetCallerIdentity", "CreateSecurityGroup", "RunInstances", "CreateRole"])
def test_13_credentials_that_expire_stop_the_run_resumably(provision: Provision, action: str, code: str) -> None:
    provision.server.fault(action, code=code, status=400)
    run = provision()
    assert "have expired" in run.said
    assert "what was made so far is found again by its tags" in run.said
    assert len(provision.server.calls(action)) == 1
    sound(provision)


def test_13_keys_that_aws_does_not_know(provision: Provision) -> None:
    fault = {"code": "InvalidClientTokenId", "status": 403, "times": -1}
    provision.server.fault("GetCallerIdentity", **fault)
    refused(provision, "AWS does not accept the credentials")


def test_13_another_account_than_box_account(real: Provision) -> None:
    said = f"these credentials are for account {MINE} and box_account is {OTHER}"
    refused(real, said, box_account=OTHER)
    assert real(check=True, box_account=MINE).said == ""


def test_13_another_account_than_the_boxs(real: Provision) -> None:
    real.server.fault("ImportKeyPair", code="UnauthorizedOperation", status=403)
    assert "is not allowed" in real().said, "the first write is enough: the place is known from then on"
    assert real(check=True).said == ""
    real.environment(real.server.env_for(OTHER))
    refused(real, f"lab was made in account {MINE} (us-west-2) and these credentials are for {OTHER}")
    assert real(check=True, box_account=OTHER).said == ""


def test_13_another_region_than_the_boxs(provision: Provision) -> None:
    assert provision().said == ""
    moved = "lab was made in us-west-2 and may still bill there, and box_region is now eu-central-1: destroy it first"
    refused(provision, moved, box_region="eu-central-1")
    assert provision("lab-2", box_region="eu-central-1").said == ""


def test_13_a_rehearsal_and_the_real_boxes_do_not_know_each_other(
    real: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    (real.local_dir / MINE / "us-west-2" / "lab").mkdir(parents=True)
    real.environment(real.server.env)
    monkeypatch.setattr(aws, "is_loopback", lambda url: True)
    assert real(box_account=MINE, box_region="eu-central-1").said == ""
    real.environment(real.server.env_for(MINE))
    monkeypatch.setattr(aws, "is_loopback", lambda url: False)
    assert real(check=True).said == ""


def test_14_another_key_and_a_lost_key_are_refused_and_a_readable_one_mended(provision: Provision) -> None:
    key = provision.home / ".ssh" / "dlbox-000000000000-us-west-2-lab"
    assert provision().said == ""
    kept, public = key.read_bytes(), key.with_suffix(".pub").read_bytes()
    key.unlink()
    refused(
        provision, f"the private key {key} is gone while EC2 still has key pair dlbox-us-west-2-lab: restore the file"
    )
    key.write_bytes(b"not a key")
    refused(provision, f"{key} is not a usable private key without a passphrase")
    key.write_bytes(kept)
    key.chmod(0o644)
    run = provision()
    assert [change["reason"] for change in run.changes] == ["others could read it"]
    assert key.stat().st_mode & 0o777 == 0o600
    ec2 = provision.server.client("ec2")
    ec2.delete_key_pair(KeyName="dlbox-us-west-2-lab")
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl other"
    ec2.import_key_pair(KeyName="dlbox-us-west-2-lab", PublicKeyMaterial=other.encode())
    refused(provision, "dlbox never replaces a key")
    assert (key.read_bytes(), key.with_suffix(".pub").read_bytes()) == (kept, public)
    assert kinds(provision.server) == ONE_BOX


def test_14_a_user_who_has_a_key_file_but_no_box_keeps_it(provision: Provision, server: Server) -> None:
    assert provision().said == ""
    key = provision.home / ".ssh" / "dlbox-000000000000-us-west-2-lab"
    kept = key.read_bytes()
    server.reset()
    assert provision().said == ""
    assert key.read_bytes() == kept
