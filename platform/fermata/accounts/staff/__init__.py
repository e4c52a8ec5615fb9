"""What the pages of Django's admin share: who sees what, lists that never count, values in a readable form.

May use: Django and :mod:`fermata.accounts`. Each application registers its models in its own ``admin``.

Start at :class:`~fermata.accounts.staff.pages.Page`: the base of every page, read-only unless it says
otherwise, walled by workspace, with actions that call operations. ``listing`` is its list, ``values`` shows
JSON and links, ``signing_in`` is the throttled sign-in.

Common confusions: only staff enter, but *staff* grants nothing by itself: a superuser sees every workspace,
anybody else the ones they are a member of, and may do there what their role allows. Django's own model
permissions play no part.
"""
