"""Who customers are: a name and an account for each, made by Faker from the customer's number. Nobody real is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chaos.measures.formatting import Language

_LOCALES: Mapping[str, str] = {"en": "en_US", "zh": "zh_CN"}


def account_of(customer: int) -> str:
    """The account of a customer."""
    return f"{880_000_000 + customer:012d}"


class Identity(NamedTuple):
    """Account and name of a customer."""

    account: str
    name: str


class Identities:
    """Names and accounts by customer number; the same number has the same name in every run."""

    def __init__(self, language: Language) -> None:
        from faker import Faker

        self._faker = Faker(_LOCALES[language])

    def of(self, customer: int) -> Identity:
        """That of a customer."""
        self._faker.seed_instance(customer)
        return Identity(account_of(customer), str(self._faker.name()))
