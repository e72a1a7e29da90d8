"""What a tick says is enough to know the state after it, and says no more than has changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chaos.room.protocol.changes import applied, changes

ROWS = st.lists(st.integers(0, 3), max_size=5)
STATES = st.fixed_dictionaries(
    {},
    optional={
        "log": ROWS,
        "orders": st.fixed_dictionaries({"rows": ROWS, "failed": st.integers(0, 2)}),
        "clock": st.dictionaries(st.sampled_from("tu"), st.integers(0, 2)),
        "alarms": ROWS,
    },
)


@given(STATES, STATES)
def test_a_state_with_the_changes_is_the_other_state(before: dict, after: dict) -> None:
    """For any two states."""
    kept = {**before}
    assert applied(before, changes(before, after)) == after
    assert before == kept


def test_only_what_is_new_in_lists_that_grow_is_said() -> None:
    """A last row that has changed is said again; what is as it was is left out."""
    before = {"log": [1, 2], "orders": {"rows": [[1], [2]], "failed": 0}, "clock": {"t": 1}, "alarms": [1]}
    after = {"log": [1, 2, 3], "orders": {"rows": [[1], [3], [4]], "failed": 0}, "clock": {"t": 2}, "alarms": [1]}
    assert changes(before, after) == {
        "log": {"from": 2, "rows": [3]},
        "orders": {"rows": {"from": 1, "rows": [[3], [4]]}},
        "clock": {"t": 2},
    }
    assert changes(after, after) == {}
