"""The hot tables' storage settings. (The SQL functions are installed after every `migrate`: engine/functions.py.)"""

from __future__ import annotations

from django.db import migrations

# Rows that change several times in a short life: room for HOT updates, and a vacuum that keeps up.
STORAGE = """
ALTER TABLE fermata_step SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE fermata_execution SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE fermata_region SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE fermata_join SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
"""


class Migration(migrations.Migration):
    """Room for what changes often."""

    dependencies = (("engine", "0001_initial"),)
    operations = (migrations.RunSQL(STORAGE, migrations.RunSQL.noop),)
