"""Powers this machine off once nobody has used it for long: `dlbox idle` tells, `dlbox keep 2h` holds it off."""
