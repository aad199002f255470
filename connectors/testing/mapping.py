"""Checks of `to_record`: pure, storable, and safe for whatever comes."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from catalog.errors import Skipped
from catalog.record import Record, decode, encode
from connectors.testing.report import Problems

HOSTILE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**63, 10**400, 1e308, float("nan"), float("inf")),
    *("", "\x00", "\ud800", "\u202e", "../../etc/passwd", "<script>alert(1)</script>", "=1+1", "'; --", "a" * 30_000),
    *([], {}, [[]], [{}], {"": None}, {"id": []}, [None, 1, "x", {"x": [1]}]),
)


def check_mapping(
    to_record: Callable[[Any], Record], payloads: Sequence[Any], rounds: int = 2000, seed: int = 0
) -> None:
    """`to_record` is pure, its records survive storing, and no input makes it raise anything but `Skipped`.

    `payloads` are real answers of the source, at least one of which makes a record; `rounds` of them are damaged at
    random (the same way for the same seed) and tried as well.
    """
    problems = Problems()
    made = sum(_maps(to_record, payload, f"payload {number}", problems) for number, payload in enumerate(payloads))
    for number, value in enumerate(HOSTILE):
        _maps(to_record, value, f"hostile value {number} ({str(value)[:30]!a})", problems)
    if not made:
        problems.append("no payload made a record")
    rng = random.Random(seed)  # noqa: S311 - tests must repeat
    for number in range(rounds):
        _maps(to_record, damaged(rng.choice(payloads), rng), f"damaged payload {number} of seed {seed}", problems)
    problems.report()


def damaged(payload: Any, rng: random.Random) -> Any:
    """A copy of a payload with one to four of its values replaced, removed, doubled or wrapped."""
    holder = [copy.deepcopy(payload)]
    for _ in range(rng.randint(1, 4)):
        places = list(_places(holder))
        if not places:
            break
        container, key = rng.choice(places)
        _damage(container, key, rng)
    return holder[0] if holder else None


def _damage(container: Any, key: Any, rng: random.Random) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = [container[key]] * rng.randint(0, 3)
    elif kind == 2:
        container[key] = {rng.choice(("name", "dtype", "list", "x")): container[key]}
    elif kind == 3 and isinstance(container[key], str):
        container[key] = container[key][: rng.randint(0, len(container[key]))] + rng.choice(("\x00", "\ud800", "é"))
    else:
        container[key] = copy.deepcopy(rng.choice(HOSTILE))


def _places(value: Any) -> Iterable[tuple[Any, Any]]:
    """Every (container, key) in a value of lists and mappings."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, inner in pairs:
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def _maps(to_record: Callable[[Any], Record], payload: Any, name: str, problems: Problems) -> bool:
    """Whether a payload makes a record; what is wrong about it goes to `problems`."""
    before = copy.deepcopy(payload)
    try:
        record = to_record(payload)
    except Skipped:
        return False
    except Exception as error:
        problems.append(f"{name} raises {type(error).__name__}: {error}"[:300])
        return False
    problems.expect(repr(payload) == repr(before), f"{name} was changed by the mapping")
    problems.expect(repr(record) == repr(to_record(before)), f"{name} makes another record the second time")
    try:
        again = decode(encode(record))
    except Exception as error:
        problems.append(f"the record of {name} cannot be stored: {error}"[:300])
    else:
        fields = [field for field in record.__struct_fields__ if getattr(again, field) != getattr(record, field)]
        problems.expect(not fields, f"the record of {name} reads back with other {', '.join(fields)}")
    return True
