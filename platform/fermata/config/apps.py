"""The Django applications of the composition root: commands, templates, the admin site; no tables."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ConfigApp(AppConfig):
    """Label `config`; see the package's door plate."""

    name = "fermata.config"
    label = "config"
    verbose_name = "Configuration"


class AdminApp(SimpleAdminConfig):
    """Django's admin with our site, on which every application registers its pages."""

    default_site = "fermata.config.admin_site.Site"
