// A result as a card.

function cardOf(hit, words) {
  const { key, doc, terms, rows, bytes, downloads } = hit;
  const { language = [] } = terms;
  const title = titled(hit);
  const tag = (facet) => (terms[facet] || []).slice(0, 4).map((term) => h("li", h("a.s-tag", { href: termAddress(facet, term), "data-facet": facet, "data-term": term }, named(facet, term))));
  const facts = [
    hit.license,
    language[0] && [language.slice(0, 3).map((term, n) => [n > 0 && ", ", named("language", term)]), language[3] && " +" + (language.length - 3)],
    rows != null && say("rowsN", { n: rows, short: short(rows) }), bytes != null && sized(bytes),
    downloads != null && say("downloadsN", { n: downloads, short: short(downloads) }),
    hit.modified ? say("updatedOn", { date: hit.modified.slice(0, 10) }) : hit.year,
  ];
  return h("li.s-card",
    h("h2", h("a", { id: "s-hit-" + doc, href: ROOT + hit.url }, marked(title, words))),
    h("span.s-verdict." + hit.commercial, say("use-" + hit.commercial)),
    h("p.s-key", h("code", marked(key, words)), hit.copies > 0 && h("span", say("alsoOn", { n: hit.copies }))),
    h("p.s-sum", marked(hit.summary, words)),
    h("ul.s-tags", tag("domain"), tag("task")),
    h("p.s-facts", facts.map((fact) => fact && h("span", fact))),
    h("p.s-do",
      h("label", h("input", { type: "checkbox", "data-pick": key, "aria-label": say("compareThis", { name: title }), change: async ({ target }) => rarely("pick", key, target.checked && title) }), say("compare")),
      copied("s-get-" + doc, fetching(key), say("copy"))));
}

/** The command that fetches a dataset, safe to paste: a key is quoted unless it is plain. */
function fetching(key) {
  key = shownText(key).replace(/\s+/g, " ");
  return "catalog fetch " + (/^[\w.:/@+-]+$/.test(key) ? key : `'${key.replace(/'/g, `'"'"'`)}'`);
}
