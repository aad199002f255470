// An entry drawn in the browser, from the same mapping as the static pages (catalog.pages.detail) and with their marks.

/** A link to an address of a source; only text where it is none of http(s). */
const outward = (url, text = url) => (/^https?:\/\/[^@\s]+$/i.test(url) ? h("a", { href: url, rel: "nofollow noopener" }, text) : text);
const inward = ({ key, title, href }) => h("a", { href: ROOT + pageAddress(key, href) }, title || key);
const termLink = (tag) => h("a", { href: ROOT + "datasets/index.html" + termAddress(tag.facet, tag.term) }, inUi(tag));

/** A reason of a verdict or the name of a source, in Chinese where assets/chinese.js knows it. */
const ours = (text) => (text && globalThis.chinese?.reason(text)) || text;

/** What is known in a line each, by name: [text, who says so]; nothing where it is unknown. */
function factsOf(made) {
  const { license = {}, access } = made;
  const amount = (each, show) => each && [(each.atLeast ? "≥ " : "") + show(each.value), each.by];
  const number = (each) => [each != null && inFull(each)];
  return {
    commercial: [say("use-" + (license.commercial || "unknown"))],
    license: [license.expression || inUi({ label: license.classLabel, zh: license.classZh })],
    reason: [ours(license.reason)],
    rows: amount(made.rows, short),
    size: amount(made.bytes, sized),
    tokens: amount(made.tokens, short),
    access: [[access && label("access", access), made.accessNote].filter(Boolean).join(" - ")],
    updated: [(made.modified || "").slice(0, 10)],
    year: [(made.created || "").slice(0, 10) || made.year],
    downloads: number(made.downloads),
    likes: number(made.likes),
    votes: number(made.votes),
    by: [(made.creators || [made.publisher]).join(", ")],
    aliases: [made.aliases?.join(", ")],
    missing: [made.missingSince],
  };
}

/** Everything of an entry with the address of its page; null where there is none. */
async function detailOf(key) {
  const { manifest, card, json } = engine;
  const doc = await docOf(key, engine);
  if (doc === null) return doc;
  const { size } = manifest.details;
  const made = (await json("e/" + Math.floor(doc / size)))[doc % size];
  return { ...made, href: (await card(doc))[12] };
}

/** Facets by which entries are compared (catalog.pages.similar). */
const COMPARED = ["domain", "task", "language", "genre", "modality", "format"];

/** The entries that are similar to one, each with the rarest of the terms that it shares. */
const similarTo = ({ similar, tags = [] }) => Promise.all(similar.map(async (doc) => {
  const hit = hitOf(doc, await engine.card(doc));
  const held = ({ facet, term }) => termOf(facet, term)?.count || 0;
  const shared = tags.filter(({ facet, term }) => COMPARED.includes(facet) && hit.terms[facet]?.includes(term));
  const rarest = shared.sort((a, b) => held(a) - held(b)).slice(0, 4);
  return { key: hit.key, title: titled(hit), href: hit.url, because: say("alsoIs", { terms: rarest.map(inUi).join(", ") }) };
}));

async function entryPage(app) {
  const made = await detailOf(new URLSearchParams(location.search).get("id") || "");
  if (!made) return fill(app, h("p", say("noEntry"), " ", h("a", { href: ROOT + "datasets/index.html" }, say("search"))));
  const { license = {}, tags = [], url, paper, doi } = made;
  const section = (name, ...body) => body.flat(9).some(Boolean) && [h("h2", say(name)), body];
  const list = (each) => each?.length && h("ul", each.map((kids) => h("li", kids)));
  const table = (heads, rows = []) => rows[0] && h("div.c-wide", { tabindex: 0 }, h("table",
    h("thead", h("tr", heads.split(" ").map((head) => h("th", say(head))))), h("tbody", rows.map((row) => h("tr", row.map((cell) => h("td", cell)))))));
  const copy = (id, text) => text && h("div.c-copy", h("pre", h("code", { id }, text)), h("button", { type: "button", "data-copy": id }, say("copyIt")));
  const other = (each) => [inward(each), " ", h("code", each.key), ": ", each.because];
  const alike = made.similar && h("ul");
  const facts = Object.entries(factsOf(made)).slice(3).filter(([, fact]) => fact?.[0]);
  facts.unshift(["source", [[termLink({ facet: "source", term: made.source, label: ours(made.sourceLabel) }), url && [": ", outward(url)]]]]);
  if (paper) facts.push(["paper", [outward(paper)]]);
  if (doi) facts.push(["doi", [outward("https://doi.org/" + encodeURI(doi), doi)]]);

  document.title = titled(made) + " - " + document.title;
  fill($("h1"), { tabindex: -1, class: "" }, made.title, made.titleZh && h("span", { lang: "zh" }, " " + made.titleZh));
  fill(app,
    h("p.c-key", h("code", made.key)), made.summary && h("p.c-lead", made.summary),
    h("p.c-verdict.c-" + (license.commercial || "unknown"), h("b", factsOf(made).commercial), " ", h("span", factsOf(made).license), h("br"), ours(license.reason), license.conflicts?.map((each) => [h("br"), say("conflict") + ": ", each])),
    h("ul.c-chips", ["domain", "task", "language", "format"].flatMap((facet) => tags.filter((tag) => tag.facet === facet)).map((tag) => h("li", termLink(tag)))),
    h("dl.c-facts", facts.map(([name, [value, by]]) => [h("dt", say(name)), h("dd", value, by && h("small", " ", say("says", { by })))])),
    copy("c-fetch", fetching(made.key)),
    section("description", made.description?.split(/\n\s*\n/).map((part) => h("p", part))),
    section("tags", table("facet term rule restsOn sure", tags.map((tag) => [label(tag.facet), termLink(tag), tag.rule, tag.evidence, tag.sure.toFixed(2)]))),
    section("claims", table("who what of evidence", license.claims?.map((each) => [each.by, [each.raw, each.note && ` (${each.note})`], say("of-" + each.scope), each.url ? outward(each.url) : each.quote]))),
    section("columns", table("column type role subset", made.columns?.map((each) => [each.name, each.type, each.role, each.config])), made.moreColumns && h("p", say("more", { n: made.moreColumns }))),
    section("locations", table("place form size note", made.locations?.map((each) => [each.url ? outward(each.url, each.path || each.url) : h("code", each.at), each.format || each.kind, each.bytes != null && sized(each.bytes), [each.verified !== "none" && say("checked", { by: each.verified }), " ", each.note]]))),
    section("mirrors", list(made.mirrors?.map(other))),
    section("ties", list(made.relations?.map((each) => [say(each.kind), " ", each.href ? h("a", { href: ROOT + each.href }, each.target) : outward(each.target), each.note && ": " + each.note]))),
    section("similar", alike),
    section("changes", made.firstSeen && h("p", say("firstSeen", { date: made.firstSeen })), table("when what before after", made.changes?.map((each) => [each.at.slice(0, 10), each.field, each.old, each.new]))),
    section("citation", copy("c-cite", made.citation)),
    section("evidence", list(made.evidence?.map((each) => outward(each))), made.notes));
  $("h1").focus();
  if (alike) similarTo(made).then((found) => fill(alike, found.map((each) => h("li", other(each)))), () => 0);
  const data = {
    "@context": "https://schema.org/", "@type": "Dataset", name: made.title, identifier: made.key, description: made.description || made.summary, url: location.href, sameAs: url,
    license: license.expression, dateModified: made.modified, creator: made.creators?.map((name) => ({ "@type": "Person", name })), keywords: tags.map((tag) => tag.label),
  };
  document.head.append(h("script", { type: "application/ld+json" }, JSON.stringify(data)));
}
