"""Which IP addresses belong to the public internet, however they are written or wrapped."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = (0x00005EFE, 0x02005EFE)
# What the standard library of some supported Python still calls global, and is not.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "100.64.0.0/10",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)


def is_public(text: str) -> bool:
    """Whether the address ``text`` is global unicast, also after unwrapping an IPv4 address in IPv6.

    Mapped, translated, NAT64, 6to4 and ISATAP addresses are unwrapped; Teredo and addresses with a zone are
    never public. Raises ValueError when ``text`` is no IP address.
    """
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return _global_v4(address)
    if address.scope_id is not None:
        return False
    inner = embedded_ipv4(address)
    if inner is not None and not _global_v4(inner):
        return False
    wrapped = any(address in net for net in (_NAT64, _MAPPED, _TRANSLATED))
    if inner is not None and wrapped:
        return True
    return address in _GLOBAL_UNICAST and not any(address in net for net in _NOT_PUBLIC if net.version == 6)


def is_link_local(text: str) -> bool:
    """Whether the address is link-local, multicast or unspecified: never meant when a name is allowed."""
    address = ip_address(text)
    inner = embedded_ipv4(address) if isinstance(address, IPv6Address) else None
    return any(one.is_link_local or one.is_multicast or one.is_unspecified for one in (address, inner) if one)


def embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that ``address`` leads to by mapping, translation or a tunnel, if it does."""
    number = int(address)
    if any(address in net for net in (_MAPPED, _TRANSLATED, _NAT64, _COMPATIBLE)):
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((number >> 80) & 0xFFFFFFFF)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(number & 0xFFFFFFFF)
    return None


def _global_v4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in net for net in _NOT_PUBLIC if net.version == 4)
    )
