"""Options and notes that dlbox modules share."""


class ModuleDocFragment:
    """Documentation fragments C(dlbox) for every module of a box, C(dlbox.observed) and C(dlbox.stop)."""

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
requirements:
  - boto3
"""

    # A module that can hand its look at the box to the next.
    OBSERVED = r"""
options:
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
"""

    # When the box stops and starts by itself.
    STOP = r"""
options:
  backend:
    description: V(scheduler) is EventBridge Scheduler, which stops the box by itself; V(lambda) is a function that rules of EventBridge wake at
      each UTC time that may be meant, and that acts where the local time is right.
    type: str
    default: scheduler
  stop_time:
    description: Time of day on the 24-hour clock, such as V(20:00), or a list of them; in quotes, because YAML reads 20:00 as the number 1200.
    type: raw
    default: "20:00"
  stop_days:
    description: V(daily), V(weekdays), or a list such as V([Mon, Sat]).
    type: raw
    default: daily
  start_time:
    description: Time of day, or a list of them, at which the box starts by itself; each before that day's last stop. Empty for none.
    type: raw
    default: []
  start_days:
    description: As O(stop_days); each day needs a stop too. Means nothing without O(start_time).
    type: raw
    default: weekdays
  timezone:
    description: Time zone in the form C(Area/City), such as V(Asia/Shanghai), or V(UTC); abbreviations such as C(CST) are refused.
    type: str
    default: Asia/Shanghai
  dead_letters:
    description: ARN of a standard SQS queue in the box's region, which then gets what could not be delivered. Empty for none.
    type: str
    default: ""
"""
