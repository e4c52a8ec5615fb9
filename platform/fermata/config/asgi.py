"""The web process: HTTP by Django, WebSocket by Channels. `uvicorn fermata.config.asgi:application`."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fermata.config.settings")
# This process serves the web, whoever started it: it gets the connection pool.
os.environ.setdefault("FERMATA_PROCESS", "web")

import django
from channels.routing import ProtocolTypeRouter, URLRouter

django.setup(set_prefix=False)  # what follows imports models

from fermata.api.stream.routing import websocket_urlpatterns
from fermata.config.http import HttpHandler

application = ProtocolTypeRouter({"http": HttpHandler(), "websocket": URLRouter(websocket_urlpatterns)})
