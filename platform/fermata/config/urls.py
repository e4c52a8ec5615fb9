"""The site's addresses: the interface, Django's admin, health."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from fermata.api import health, reference
from fermata.config.screen import page

# Here, for the web: the imports of its pages would cost every other process half a second.
admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("fermata.api.urls")),
    path("api/docs", reference.docs),
    path("api/docs/start.js", reference.docs_script),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    # Last: every other address belongs to the application, which says by itself what is not there.
    re_path(r"^(?!api/|admin/|static/)(?P<path>.*)$", page.screen),
]

# Whatever goes wrong outside a view is a problem document too.
handler400 = "fermata.api.problems.bad_request"
handler404 = "fermata.api.problems.no_such_address"
handler500 = "fermata.api.problems.server_error"
