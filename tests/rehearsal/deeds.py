"""The knobs that act on resources, as a machine or AWS itself would."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.servicequotas.models import servicequotas_backends
from moto.sns.models import sns_backends

from .patches import mails
from .state import ACCOUNT


def power_off(body: Any, _: Any) -> Any:
    """The machine of an instance powered itself off: stop or terminate, as its shutdown behaviour says."""
    ec2 = ec2_backends[ACCOUNT][body["region"]]
    instance = ec2.get_instance(body["instance_id"])
    if instance.state == "running":
        request = getattr(instance, "spot_request", None)
        ends = instance.instance_initiated_shutdown_behavior == "terminate" or (
            # Only a persistent request keeps a stopped instance.
            request is not None and not request.asked.persistent
        )
        deed = instance.terminate if ends else instance.stop
        deed()
        instance.state_reason.code = "Client.InstanceInitiatedShutdown"
        instance.state_reason.message = "Client.InstanceInitiatedShutdown: Instance initiated shutdown"
        # Only a stop that was asked for through the API has its time here.
        instance._reason = "User initiated"
    return {"instance_id": instance.id, "state": instance.state}


def decide_quota(body: Any, _: Any) -> Any:
    """Grant a quota outright, or decide its open request."""
    backend = servicequotas_backends[ACCOUNT][body["region"]]
    if "status" not in body:
        own = backend.own_code(body["code"]) or body["code"]
        backend.granted(own)  # an unknown code is refused before anything changes
        backend.applied[own] = float(body["value"])
        return backend.view(own, default=False)
    for request in reversed(backend.requests):
        codes = (None, request["QuotaCode"], backend.own_code_of(request))
        if body.get("id") in (None, request["Id"]) and body.get("code") in codes:
            backend.decide(request, body["status"], body.get("value"))
            return request
    raise ValueError(f"no request of {body.get('id') or body.get('code')} in {body['region']}: make one first")


def confirm_mail(body: Any, _: Any) -> Any:
    """The owner of an e-mail address follows the link in AWS's mail: confirm its subscription to a topic."""
    backend = sns_backends[ACCOUNT][body["topic"].split(":")[3]]
    mails.forget(backend)
    for one in backend.subscriptions.values():
        if (one.topic_arn, one.endpoint) == (body["topic"], body["email"]):
            one.attributes["PendingConfirmation"] = False
            return {"subscription": one.arn}
    raise ValueError(f"{body['email']} is not subscribed to {body['topic']}, or was not confirmed within two days")


def ran(_: Any, query: Any) -> Any:
    """When each instance of a region ran by the rehearsal's clock, as in {"i-…": [[1767571200.0, null]]}."""
    found = ec2_backends[ACCOUNT][query["region"]].all_instances()
    return {one.id: one.__dict__.get("_ran", []) for one in found}
