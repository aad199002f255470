"""Made-up dataset records in the shape of GET /api/datasets?full=true: the same for the same seed and number."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.origin.repo import Json

OWNERS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "iris",
    "juniper",
    "kestrel",
    "lumen",
    "maple",
    "north",
    "opal",
    "prairie",
]
TOPICS = {
    "medical": ["clinical", "radiology", "discharge", "symptom"],
    "legal": ["contract", "statute", "court", "clause"],
    "finance": ["earnings", "filing", "market", "invoice"],
    "code": ["python", "repository", "function", "commit"],
    "math": ["algebra", "proof", "olympiad", "word-problem"],
    "news": ["headline", "editorial", "broadcast", "press"],
}
CHINESE = {
    "medical": "中文医疗问答数据集",
    "legal": "法律咨询对话语料",
    "finance": "金融新闻情感分析",
    "code": "代码指令微调数据",
    "math": "小学数学应用题",
    "news": "新闻摘要语料",
}
KINDS: dict[str, tuple[str, list[Json]]] = {
    "sft": (
        "text-generation",
        [{"name": "messages", "list": [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]}],
    ),
    "dpo": ("text-generation", [{"name": name, "dtype": "string"} for name in ("prompt", "chosen", "rejected")]),
    "qa": ("question-answering", [{"name": name, "dtype": "string"} for name in ("question", "answer")]),
    "labels": (
        "text-classification",
        [{"name": "text", "dtype": "string"}, {"name": "label", "dtype": {"class_label": {"names": {"0": "a"}}}}],
    ),
    "corpus": ("text-generation", [{"name": "text", "dtype": "string"}]),
}
LICENSES = ("mit", "apache-2.0", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-sa-4.0", "other", "unknown", "openrail", "")
BANDS = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M")
FIRST_DAY = datetime(2022, 3, 3, tzinfo=UTC)


def records(count: int, seed: int = 0) -> Iterator[Json]:
    """`count` records, about 3% of them Chinese; downloads follow a power law, times increase with the number."""
    rng = random.Random(seed)
    for number in range(count):
        yield record(number, rng)


def record(number: int, rng: random.Random) -> Json:
    """One record: `_id`, owner and times of creation come from the number, all else from `rng`."""
    topic = rng.choice(list(TOPICS))
    kind = rng.choice(list(KINDS))
    chinese = rng.random() < 0.03
    owner = f"{OWNERS[number % len(OWNERS)]}-{number % 997}"
    id = f"{owner}/{rng.choice(TOPICS[topic])}-{kind}-{number}"
    task, features = KINDS[kind]
    band = rng.randrange(len(BANDS))
    rows = rng.randrange(10 ** (band + 2), 10 ** (band + 3))
    card = _card(rng, topic, kind, task, "zh" if chinese else "en", band)
    splits = [{"name": "train", "num_bytes": rows * 400, "num_examples": rows}]
    card["dataset_info"] = {"features": features, "splits": splits, "dataset_size": rows * 400}
    return {"_id": f"{number:024x}", "id": id, "author": owner, "cardData": card, **_facts(number, rng, card, chinese)}


def _card(rng: random.Random, topic: str, kind: str, task: str, language: str, band: int) -> Json:
    card: Json = {"task_categories": [task], "language": [language], "size_categories": [BANDS[band]]}
    card["tags"] = [topic, kind]
    if license := rng.choice(LICENSES):
        card["license"] = license
    return card


def _facts(number: int, rng: random.Random, card: Json, chinese: bool) -> Json:
    topic, kind = card["tags"]
    created = FIRST_DAY + timedelta(minutes=2 * number)
    modified = created + timedelta(minutes=rng.randrange(200_000))
    tags = [
        f"task_categories:{card['task_categories'][0]}",
        f"language:{card['language'][0]}",
        *([f"license:{card['license']}"] if "license" in card else []),
        f"size_categories:{card['size_categories'][0]}",
        "format:parquet",
        "modality:text",
        "library:datasets",
        "region:us",
        topic,
        kind,
    ]
    text = (
        f"{CHINESE[topic]}，共 {number} 条。"
        if chinese
        else f"A {kind} set on {', '.join(TOPICS[topic])} no. {number}."
    )
    return {
        "sha": f"{number:040x}",
        "lastModified": modified.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "createdAt": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "private": False,
        "gated": rng.choice([False] * 18 + ["auto", "manual"]),
        "disabled": False,
        "tags": tags,
        "description": f"\n\t\n\t\t\n\t\t{text}\n\t\n\n{text} {' '.join(rng.sample(TOPICS[topic], 3))}",
        "downloads": int(rng.paretovariate(0.7)) - 1,
        "likes": int(rng.paretovariate(1.0)) - 1,
        "trendingScore": 0,
    }
