/**
 * One search: its cards, its total, its counts, each worked out when it is asked for (catalog/search/run.py).
 * What is rarer than a plain search is done by the script `more`, which is handed `run`.
 */
const TIER = 1000;
const FEW = 3;
const isRefused = (asked, commercial) => asked[0] && !asked.includes(commercial);
const ORDERS = { updated: "modified", size: "bytes", rows: "rows", name: "name" };

/** @param tools a session of the engine @param {any} view see `Engine.search` */
function runOf(tools, view, control) {
  const { manifest, characters, card, language, lists } = tools;
  const { entries } = manifest;
  const planner = plannerOf(tools);
  const { prepare, withNamed, known } = planner;

  /** @returns {Promise<Query>} */
  const queryOf = async () => {
    const { search = "", filters = {}, excluded = {}, ranges = {}, sort = "relevance", size = 10, page = 1, merge = true } = view;
    const given = JSON.stringify([search, filters, excluded, ranges]);
    const isRare = /[^\0-9;-\x7f]/.test(given); // not ASCII, or with a colon
    await Promise.all([isRare && later("more"), characters.ready(given)]);
    const query = parseQuery(search, characters, language);
    for (const { text } of query.words) {
      const word = text.toLowerCase();
      if (/^\w+$/.test(word) && !language.stop.includes(word)) lists.find(word).catch(() => 0); // beside what it means
    }
    Catalog.more?.narrow(query, view, language);
    return { ...query, sort, limit: size, offset: (page - 1) * size, merge };
  };

  const find = async () => {
    const query = await queryOf();
    let page = await pageOf(query, await withNamed(query, await prepare(query, !view.exact), textOf(query)));
    const { reading, named } = page.plan;
    const isHelped = !view.exact && reading.units[0] && named[0] === undefined;
    if (isHelped && (await isFew(query, page))) page = await rarely("helped", run, query, page);
    return { query, page, emptiedBy: page.docs[0] === undefined ? await rarely("emptiedBy", run, query) : [] };
  };

  /** Whether a query finds so few that other words may be meant. */
  const isFew = async (query, page) => (page.docs[0] === undefined || query.offset + page.docs.length < FEW) && (await sure(query, page)) < FEW;

  /** The total of a page, worked out where it is not yet known. */
  const sure = async (query, page) => (page.total ??= await totalOf(query, page.plan));

  // -- a page ---------------------------------------------------------------------------------------------------------

  /** @param {Query} query @param {Plan} plan */
  const pageOf = async (query, plan) => {
    const { offset, limit, sort } = query;
    const asked = await verdictsOf(query, plan);
    const order = ORDERS[sort] ? rarely("sorted", query, plan, asked, run) : ranked(query, plan, asked);
    const docs = (await order).slice(offset, offset + limit);
    return { plan, docs, total: docs.length < limit && (docs.length || !offset) ? offset + docs.length : null };
  };

  /** The documents down to the end of a page by relevance or popularity, exact names first. */
  const ranked = async (query, plan, asked) => {
    const end = query.offset + query.limit;
    const isScored = query.sort === "relevance" && query.words[0];
    const levels = isScored ? levelsOf(plan) : [plan.match];
    for (let doc = 0; ; ) {
      const leaves = await known([...levels, plan.match], doc);
      const bound = Math.min(entries, ...leaves.map((leaf) => leaf.list.bound));
      const docs = await within(plan, upToBound(docsOf(plan.match, entries), bound));
      const has = (doc) => plan.named.includes(doc) || (doc < bound ? indexOf(docs, doc) >= 0 : null);
      const found = await shown(ordered(levels, plan, docs, bound, isScored), has, asked, end, plan.match);
      if (found) return found;
      // How far lists have to be known for enough matches, as thick as they are so far.
      const guess = docs.length ? (1.3 * bound * (isScored ? TIER : end)) / docs.length : entries;
      doc = Math.min(entries, Math.max(Math.ceil(guess), bound * 2, bound + 1));
    }
  };

  /** What comes one after the other as far as it is sure; ends with null where more has to be loaded. */
  function* ordered(levels, plan, known, bound, isScored) {
    yield* plan.named;
    const seen = new Set(plan.named);
    for (const level of levels) {
      const docs = level === plan.match ? known : met(upToBound(docsOf(level, entries), bound), known);
      const tier = docs.subarray(0, isScored ? TIER : 0);
      if (isScored && tier.length < TIER && bound < entries) return yield null;
      for (const doc of isScored ? byScore(level, tier, manifest) : []) if (!seen.has(doc)) yield doc;
      for (const doc of docs.subarray(tier.length)) if (!seen.has(doc)) yield doc;
      if (bound < entries) return yield null;
    }
  }

  // -- copies: of the members of a cluster that match, the first stands for all (catalog/search/fold.py) ----------------

  const folds = (query) => query.merge && manifest.clusters > 0;

  /** The verdicts on commercial use that filters let through, [] where they do not speak of it; null: nothing is folded. */
  const verdictsOf = async (query, { filters }) => {
    if (!folds(query)) return null;
    return filters.wanted.commercial || filters.unwanted.commercial ? rarely("verdicts", filters, tools) : [];
  };
  /** Whether another member that matches stands before this one; null where that is not yet known. */
  const hides = async (doc, has, asked) => {
    const [members, commercial] = (await card(doc))[11] || [[]];
    if (members[0] !== undefined && isRefused(asked, commercial)) return true;
    const found = members.slice(0, members.indexOf(doc)).map(has);
    return found.includes(true) || (found.includes(null) ? null : false);
  };

  /** The first `count` documents of an order that no other stands for; null where that is not yet known. */
  const shown = async (order, has, asked, count, match) => {
    const rest = order[Symbol.iterator]();
    const first = [];
    for (let doc; first.length < count && doc !== null && (doc = rest.next().value) !== undefined; ) first.push(doc);
    if (manifest.firsts && match?.kind === "leaf") await rarely("firsts", first, match, tools);
    for (const doc of asked ? first : []) if (doc !== null) card(doc).catch(() => 0); // side by side
    const found = [];
    for (let doc; found.length < count && (doc = first[0] !== undefined ? first.shift() : rest.next().value) !== undefined; ) {
      const hidden = doc === null ? null : asked !== null && (await hides(doc, has, asked));
      if (hidden === null) return null;
      if (!hidden) found.push(doc);
    }
    return found;
  };

  const within = async ({ ranges }, docs) => (isEmpty(ranges) ? docs : rarely("between", ranges, docs, tools));

  const isPlain = ({ named, ranges }) => named[0] === undefined && isEmpty(ranges);
  const isAll = (query, plan) => isPlain(plan) && plan.match.kind === "all" && (folds(query) || !manifest.clusters);

  const totalOf = async (query, plan) => {
    if (isAll(query, plan)) return manifest.shown;
    if (plan.match.kind === "leaf" && isPlain(plan) && !folds(query)) return (await known([plan.match], 0))[0].list.total;
    return (await rarely("resultOf", run, query, plan)).length;
  };

  const run = { ...planner, tools, view, pageOf, sure, isFew, shown, within, verdictsOf, isAll };
  const found = (run.found = find());
  found.catch(() => 0);
  let cards, total;
  return {
    abort: () => control.abort(),

    /** The page of hits and what is said beside it. */
    get cards() {
      return (cards ||= found.then(async ({ query, page, emptiedBy }) => {
        const { plan, docs, total, didYouMean = "", leftOut = "" } = page;
        const hits = await Promise.all(docs.map(async (doc) => hitOf(doc, await card(doc), query.merge, plan.named.includes(doc))));
        const readAs = [...new Set(plan.reading.terms.map(termsSaid)), ...plan.unwanted.map((term) => "-" + termsSaid([term]))];
        return { hits, offset: query.offset, total, readAs, didYouMean, leftOut, notes: [...query.notes, ...plan.filters.notes], emptiedBy };
      }));
    },
    /** How many there are, exactly. @returns {Promise<number>} */
    get total() {
      return (total ||= found.then(({ query, page }) => sure(query, page)));
    },
    /** Exact counts by facet, most first; a facet that is filtered is counted without its own filter, unless `within`.
     * @param {{facets?: string[], within?: boolean}} [asked] @returns {Promise<Object<string, [string, number][]>>} */
    counts: async (asked = {}) => rarely("counts", run, asked),
  };
}

const termsSaid = (terms) => terms.map((term) => term.facet + ":" + term.id).join(" or ");

/** What comes first, then what else matches: each without those before it. @param {Plan} plan */
function levelsOf({ earlier, match }) {
  const all = [...earlier, match];
  return all.map((node, i) => notOf(node, eitherOf(all.slice(0, i))));
}
