"""``python -m fermata.api.openapi``: write ``openapi.yaml``; with ``--check`` fail when it has drifted."""

# ruff: noqa: PLC0415 — Django is set up before anything of it is imported
from __future__ import annotations

import os
import sys
from pathlib import Path

PATH = Path(__file__).with_name("openapi.yaml")


def render() -> str:
    """The document as YAML, without warnings; Django is set up."""
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.renderers import OpenApiYamlRenderer

    from fermata.api.schema import Generator

    GENERATOR_STATS.reset()
    schema = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    complaints = [
        message for kind in ("_warn_cache", "_error_cache") for message in getattr(GENERATOR_STATS, kind)
    ]
    if complaints:
        raise SystemExit("\n".join(str(complaint) for complaint in complaints))
    text: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]
    return text.decode()


def main(arguments: list[str]) -> int:
    """Write or check; the exit status."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fermata.config.settings")
    django.setup()
    text = render()
    if "--check" not in arguments:
        PATH.write_text(text, encoding="utf-8")
        return 0
    if PATH.exists() and PATH.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("openapi.yaml has drifted; run: python -m fermata.api.openapi\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
