"""The web process: HTTP by Django, WebSocket by Channels. `uvicorn fermata.config.asgi:application`."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fermata.config.settings")
# This process serves the web, whoever started it: it gets the connection pool.
os.environ.setdefault("FERMATA_PROCESS", "web")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

_django = get_asgi_application()  # sets Django up; what follows imports models

from fermata.api.stream.routing import websocket_urlpatterns

application = ProtocolTypeRouter({"http": _django, "websocket": URLRouter(websocket_urlpatterns)})
