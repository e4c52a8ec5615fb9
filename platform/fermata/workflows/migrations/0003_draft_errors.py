from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0002_versions_never_change'),
    ]

    operations = [
        migrations.AddField(
            model_name='draft',
            name='errors',
            field=models.IntegerField(help_text='how many keep it from being published, as of its last save; null: not judged', null=True),
        ),
    ]
