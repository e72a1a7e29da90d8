"""What acting did, in words."""

from __future__ import annotations

from chaos.i18n.causal import difference_text
from chaos.i18n.texts import LocalizedText
from chaos.results.counterfactuals import Difference


def test_figures_that_disagree_are_said_against_each_other() -> None:
    """What is better comes first; what is the same is left out then."""
    sooner = Difference(failed_orders=0, impaired_s=-600.0, wrong_in_the_books=69, failed_requests=0)
    assert difference_text(sooner) == LocalizedText(
        "−10.0 min impaired, but +69 orders wrong in the books", "服务异常时长 −10.0 分钟，但账实不符 +69 笔"
    )
    fewer = Difference(failed_orders=-20, impaired_s=0.0, wrong_in_the_books=0, failed_requests=500)
    assert difference_text(fewer)["en"] == "−20 failed orders, but +500 failed requests"
    alike = Difference(failed_orders=-20, impaired_s=0.0, wrong_in_the_books=-1, failed_requests=-500)
    assert difference_text(alike)["en"] == "−20 failed orders, ±0 impaired, −1 orders wrong in the books"
