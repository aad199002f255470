// The view: what is looked for and how it is shown. The address bar holds all of it.

const RANGES = ["rows", "size", "updated", "year", "tokens", "downloads"];
const SORTS = ["relevance", "popularity", "updated", "size", "rows", "name"];

/** The view that a query string asks for. */
function viewOf(query) {
  const asked = new URLSearchParams(query);
  const of = (name) => asked.get(name);
  const view = {
    search: of("search") || of("q") || "", filters: {}, excluded: {}, ranges: {}, size: 10,
    sort: SORTS.includes(of("sort")) ? of("sort") : SORTS[0],
    page: Math.max(1, parseInt(of("page")) || 1),
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

/** The address of a view, as short as it can be. */
function addressOf({ search, filters, excluded, ranges, sort, exact, merge, page }) {
  const dashed = Object.entries(excluded).map(([facet, terms]) => ["-" + facet, terms]);
  const parts = {
    search, ...filters, ...Object.fromEntries(dashed), ...ranges,
    sort: sort !== SORTS[0] && sort,
    exact: exact && 1,
    copies: !merge && "all",
    page: page > 1 && page,
    ui: new URLSearchParams(location.search).get("ui"),
  };
  const text = Object.entries(parts).flatMap(([name, value]) => (value ? name + "=" + coded(value).replace(/%2C/g, ",") : [])).join("&");
  return text ? "?" + text : location.pathname;
}

/** The address of all that hold a term, from the search page. */
const termAddress = (facet, term) => `?${facet}=${coded(term)}`;
