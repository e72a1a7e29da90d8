"""The fund companies: subscriptions and redemptions of open-ended funds, confirmed the next day by file."""

from __future__ import annotations

from simcore.counterparties.counterparty import Counterparty, DayFile, Effect

COUNTERPARTY = Counterparty(
    name="fund",
    title="fund company",
    effects={
        "fund.subscribe": Effect(True, "the fund subscription is recorded and its cash frozen"),
        "fund.redeem": Effect(True, "the fund redemption is recorded and its shares frozen"),
        "fund.fast_redeem": Effect(True, "the fund company pays a redemption out at once"),
    },
    own_effects=("fund.fast_redeem",),
    flow_kinds=("fund",),
    hours={"a-share": (("09:30", "15:00"),)},  # cut-off [memory]
    file=DayFile(
        good="confirms the fund orders of earlier days",
        late="they wait for the next one",
        missing="they wait for reconciliation",
        corrupt="every other record waits for reconciliation (guess)",
    ),
    differences={"unconfirmed": "due and in no file: confirmed"},
    laws=("fund company's cash backs all units",),
)
