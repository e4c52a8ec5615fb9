"""``create_token`` and ``bootstrap``."""
