"""``create_token``."""
