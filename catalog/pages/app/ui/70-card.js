// A result as a card.

function card(hit, words) {
  const { key, doc, terms } = hit;
  const title = titled(hit);
  const languages = (terms.language || []).map((term) => label("language", term));
  const tags = ["domain", "task"].flatMap((facet) => (terms[facet] || []).slice(0, 4).map((term) =>
    h("li", h("a.s-tag", { href: addressOf({ ...viewOf(""), filters: { [facet]: [term] } }), "data-facet": facet, "data-term": term }, label(facet, term)))));
  const facts = [
    hit.license, languages.slice(0, 3).join(", ") + (languages[3] ? " +" + (languages.length - 3) : ""),
    hit.rows != null && say("rowsN", { n: hit.rows, short: short(hit.rows) }), hit.bytes != null && sized(hit.bytes),
    hit.downloads != null && say("downloadsN", { n: hit.downloads, short: short(hit.downloads) }),
    hit.modified ? say("updatedOn", { date: hit.modified.slice(0, 10) }) : hit.year,
  ];
  return h("li.s-card",
    h("h2", h("a", { id: "s-hit-" + doc, href: ROOT + hit.url }, marked(title, words))),
    h("span.s-verdict." + hit.commercial, say("use-" + hit.commercial)),
    h("p.s-key", h("code", marked(key, words)), hit.copies > 0 && h("span", say("alsoOn", { n: hit.copies }))),
    h("p.s-sum", marked(hit.summary, words)),
    h("ul.s-tags", tags),
    h("p.s-facts", facts.map((fact) => fact && h("span", fact))),
    h("p.s-do",
      h("label", h("input", { type: "checkbox", "data-pick": key, "aria-label": say("compareThis", { name: title }), change: ({ target }) => pick(key, target.checked && title) }), say("compare")),
      copied("s-get-" + doc, fetching(key), say("copy"))));
}

/** The command that fetches a dataset, safe to paste: a key is quoted unless it is plain. */
function fetching(key) {
  key = plain(key).replace(/\s+/g, " ");
  return "catalog fetch " + (/^[\w.:/@+-]+$/.test(key) ? key : `'${key.replace(/'/g, `'"'"'`)}'`);
}
