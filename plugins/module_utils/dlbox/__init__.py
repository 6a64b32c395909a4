"""dlbox: decide what an AWS deep-learning box needs (plan_*.py), then do it (converge.py through aws.py)."""
