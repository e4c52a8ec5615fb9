"""Bodies as they were before compression, with a cap that holds while they are unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator


class BodyTooLarge(Exception):
    """The body is larger than allowed."""


class BodyDamaged(Exception):
    """The body cannot be decompressed."""


def decoded(chunks: Iterable[bytes], *, encoding: str, most: int) -> Iterator[bytes]:
    """The body, decompressed piece by piece so that a bomb bursts at the cap and not in memory.

    ``encoding``: the header Content-Encoding; ``most``: bytes decompressed. Raises BodyTooLarge, BodyDamaged.
    """
    decoder = _decoder(encoding.strip().lower())
    left, at_end = most, True
    for chunk in chunks:
        for piece in decoder.pieces(chunk, left + 1) if decoder else (chunk,):
            left -= len(piece)
            if left < 0:
                raise BodyTooLarge(f"The body exceeds {most} bytes.")
            yield piece
        at_end = decoder is None or decoder.at_end
    if not at_end:
        raise BodyDamaged("The compressed body is cut short.")


class _Inflate:
    """gzip (several members too) and deflate, with a cap on what one call gives."""

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._machine = zlib.decompressobj(window_bits)
        self._fresh = True

    @property
    def at_end(self) -> bool:
        return self._machine.eof

    def pieces(self, data: bytes, most: int) -> Iterator[bytes]:
        """``data`` decompressed, ``most`` bytes at a time. Raises BodyDamaged."""
        while data:
            if self._machine.eof:
                self._machine = zlib.decompressobj(self._window_bits)
            try:
                piece = self._machine.decompress(data, most)
            except zlib.error as error:
                if self._fresh and self._window_bits == zlib.MAX_WBITS:  # "deflate" without its wrapper
                    self._fresh, self._window_bits = False, -zlib.MAX_WBITS
                    self._machine = zlib.decompressobj(self._window_bits)
                    continue
                raise BodyDamaged("The compressed body is damaged.") from error
            self._fresh = False
            yield piece
            data = self._machine.unconsumed_tail or self._machine.unused_data


def _decoder(encoding: str) -> _Inflate | None:
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip"}:
        return _Inflate(zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        return _Inflate(zlib.MAX_WBITS)
    raise BodyDamaged("The body is compressed in a way that was not asked for.")
