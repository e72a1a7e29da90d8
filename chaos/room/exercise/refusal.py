"""What somebody wanted and cannot have, said in both languages."""

from __future__ import annotations

from chaos.i18n.texts import LocalizedText, translate
from simcore.base.errors import InputError


class RefusedError(InputError):
    """A message that changes nothing: `text` says why, in both languages."""

    def __init__(self, key: str, hint: str = "", **parts: object) -> None:
        self.text: LocalizedText = translate(f"room.refused.{key}", **parts)
        super().__init__(self.text.en, hint=hint)
