"""`manage.py render_env`: writes `.env.example` and the README's table from the list of variables."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from fermata.config import env

BEGIN, END = "<!-- variables -->\n", "<!-- /variables -->"


class Command(BaseCommand):
    """Write what `tests/unit/config` compares."""

    help = "Writes .env.example and the table of variables in README.md from fermata.config.env."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace the example whole and the table between its two marks."""
        (env.ROOT / ".env.example").write_text(env.render_example(), encoding="utf-8")
        readme = env.ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        readme.write_text(f"{before}{BEGIN}{env.render_table()}{END}{after}", encoding="utf-8")
