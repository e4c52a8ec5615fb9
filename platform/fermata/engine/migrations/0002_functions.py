"""The engine's SQL functions (``engine/sql/*.sql``) and the hot tables' storage settings."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
ORDER = ("identity", "seen", "claim", "apply", "record", "together", "start", "settle", "recovery", "operations")

# Rows that change several times in a short life: room for HOT updates, and a vacuum that keeps up.
STORAGE = """
ALTER TABLE fermata_step SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE fermata_execution SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE fermata_region SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE fermata_join SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
"""


class Migration(migrations.Migration):
    """Installs what the ledger calls."""

    dependencies = (("engine", "0001_initial"),)
    operations = (
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ORDER
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    )
