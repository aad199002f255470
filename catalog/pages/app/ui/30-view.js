// The view: what is looked for and how it is shown. The address bar holds all of it.

const RANGES = ["rows", "size", "updated", "year", "tokens", "downloads"];
const SORTS = ["relevance", "popularity", "updated", "size", "rows", "name"];

/** The view that a query string asks for. */
function viewOf(query) {
  const asked = new URLSearchParams(query);
  const view = {
    search: asked.get("search") || asked.get("q") || "", filters: {}, excluded: {}, ranges: {}, size: 10,
    sort: SORTS.find((sort) => sort === asked.get("sort")) || SORTS[0],
    page: Math.max(1, parseInt(asked.get("page")) || 1),
    exact: asked.has("exact"),
    merge: !asked.has("copies"),
  };
  for (const [name, value] of asked) {
    const facet = name.replace("-", "");
    if (!value) continue;
    if (RANGES.includes(name)) view.ranges[name] = value;
    else if (facetOf(facet)) (view[name === facet ? "filters" : "excluded"][facet] ||= []).push(...value.split(","));
  }
  return view;
}

/** A value for a query string, as readable as it can be. */
const coded = (value) => encodeURIComponent(value).replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%20/g, "+");

/** The address of a view, as short as it can be. */
function addressOf(view) {
  const dashed = Object.entries(view.excluded).map(([facet, terms]) => ["-" + facet, terms]);
  const parts = {
    search: view.search, ...view.filters, ...Object.fromEntries(dashed), ...view.ranges,
    sort: view.sort !== SORTS[0] && view.sort,
    exact: view.exact && 1,
    copies: !view.merge && "all",
    page: view.page > 1 && view.page,
    ui: new URLSearchParams(location.search).get("ui"),
  };
  const said = Object.entries(parts).filter(([, value]) => value);
  const text = said.map(([name, value]) => name + "=" + coded(value).replace(/%2C/g, ",")).join("&");
  return text ? "?" + text : location.pathname;
}

/** What changes when a term stands on one side ("filters", "excluded"), or without a side on none. */
function withTerm(view, facet, term, side) {
  const change = {};
  for (const each of ["filters", "excluded"]) {
    const { [facet]: terms = [], ...others } = view[each];
    const kept = terms.filter((other) => other !== term);
    if (each === side) kept.push(term);
    change[each] = kept[0] ? { ...others, [facet]: kept } : others;
  }
  return change;
}

/** A part of a view that the engine names as the command line does: `--not-lang zh`, `the words 'a b'`, `the word 'a'`. */
function partNamed(part) {
  const [, not, flag, value, one, words] = /^--(not-)?(\S+) (.*)|^the word(s?) (.*)/s.exec(part);
  const name = flag === "lang" ? "language" : flag;
  const side = RANGES.includes(name) ? "ranges" : not ? "excluded" : "filters";
  return { side, name, word: one === "" && words.slice(1, -1), said: words || saidOf(side, name, value.split(",")) };
}

/** A filter or range in words. */
function saidOf(side, name, terms) {
  if (side === "ranges") return say(name) + ": " + terms;
  return (side === "excluded" ? say("not") + " " : "") + label(name) + ": " + terms.map((term) => label(name, term)).join(", ");
}

/** What changes when a part is taken away; it goes from the text as well as from the filters. */
function without(view, { side, name, word }) {
  const gone = (token) => {
    const read = engine.parse(token);
    return name ? read[side][COLUMNS[name] || name] : word ? word === token : read.words[0];
  };
  const { [name]: _, ...others } = view[side];
  return { search: (view.search.match(/-?(\w+:)?("[^"]*"?|\S+)/g) || []).filter((token) => !gone(token)).join(" "), [side]: others };
}
const COLUMNS = { size: "bytes", updated: "modified" };
