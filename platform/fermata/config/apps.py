"""The Django application of the composition root: it carries the `run` command and no tables."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Label `config`; see the package's door plate."""

    name = "fermata.config"
    label = "config"
    verbose_name = "Configuration"
