"""How times are written in Django's own pages, by language; Django looks for `<language>/formats.py`."""
