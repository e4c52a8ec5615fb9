"""The committed OpenAPI document: where it lies, and how it is rendered anew (``manage.py openapi``)."""

from __future__ import annotations

from pathlib import Path

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.renderers import OpenApiYamlRenderer

from fermata.api.schema import Generator
from fermata.errors import InvariantBroken

PATH = Path(__file__).with_name("openapi.yaml")


def render() -> str:
    """The document as YAML. Raises InvariantBroken when a view cannot be described without complaints."""
    GENERATOR_STATS.reset()
    schema = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    complaints = [
        message for kind in ("_warn_cache", "_error_cache") for message in getattr(GENERATOR_STATS, kind)
    ]
    if complaints:
        raise InvariantBroken("\n".join(str(complaint) for complaint in complaints))
    text: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]
    return text.decode()
