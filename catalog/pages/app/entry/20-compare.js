// Two to four entries side by side. A row whose entries differ is marked, and in it what not all of them share.

async function comparePage(app) {
  const keys = (/[?&]ids=([^&]+)/.exec(location.search)?.[1] || "").split(",").map((key) => new URLSearchParams("id=" + key).get("id")).slice(0, MOST);
  const all = (await Promise.all(keys.map(detailOf))).filter(Boolean);
  const back = h("a.s-button", { href: ROOT + "datasets/index.html" }, say("addMore"));
  if (!all[1]) return fill(app, h("p", say("pickTwo"), " "), back);
  const values = all.map((made) => {
    const facts = Object.entries(factsOf(made)).slice(0, 12).map(([name, fact]) => [say(name), fact?.[0] ? [fact[0]] : []]);
    const tags = engine.manifest.facets.map(({ facet }) => [label(facet), (made.tags || []).filter((tag) => tag.facet === facet).map(inUi)]);
    return new Map([...facts, ...tags.filter(([name]) => !facts.some((each) => each[0] === name)), [say("columns"), (made.columns || []).map((each) => each.name)], [say("mirrors"), (made.mirrors || []).map((each) => each.key)]]);
  });
  const row = (name) => {
    const cells = values.map((each) => each.get(name));
    if (!cells.some((each) => each[0])) return "";
    const shared = (value) => cells.every((each) => each.includes(value));
    const differs = cells.some((each) => each.length !== cells[0].length || !each.every(shared));
    return h("tr" + (differs ? ".s-differs" : ""), h("th", { scope: "row" }, name, differs && h("span", { title: say("differs") }, " ≠")),
      cells.map((each) => h("td", each[0] ? each.map((value, n) => [n > 0 && ", ", h(shared(value) ? "span" : "mark", value)]) : "–")));
  };
  fill($("h1"), say("comparing"));
  document.title = all.map(titled).join(", ") + " - " + document.title;
  fill(app, h("label.s-only", h("input", { type: "checkbox" }), say("onlyDiffering")), h("div.c-wide", { tabindex: 0, role: "region", "aria-label": say("compare") }, h("table.s-compare",
    h("thead", h("tr", h("td"), all.map((made) => h("th", { scope: "col" }, inward({ ...made, title: titled(made) }), h("code", made.key), 
      all[2] && h("a.s-quiet", { href: comparing(keys.filter((key) => key !== made.key)) }, say("unpick", { name: "" })))))),
    h("tbody", [...values[0].keys()].map(row)))), back);
}
