"""Options and notes that every dlbox module shares."""


class ModuleDocFragment:
    """Documentation fragment C(dlbox)."""

    DOCUMENTATION = r"""
options:
  box:
    description: The box's name, as declared in C(inventory/boxes.yml); everything is found by its exact match in the tag C(dlbox:box).
    type: str
    required: true
  region:
    description: AWS region, such as C(us-west-2).
    type: str
    required: true
  profile:
    description: AWS profile; empty means boto3's usual order (E(AWS_PROFILE), environment, instance role).
    type: str
    default: ""
  observed:
    description:
      - RV(seen) of an earlier dlbox module in the same run, so that nothing is described twice.
      - What guards against doubles is read again before a write all the same.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Predicts exactly the writes that the real run makes.
    support: full
  diff_mode:
    description: Shows each change with its reason and what it does to the bill.
    support: full
requirements:
  - boto3
"""
