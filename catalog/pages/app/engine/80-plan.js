/**
 * From a query to a plan: filters resolved, words read, trees built and what is named found (catalog/search/run.py).
 * @typedef {{match: Node, ranges: Object<string, [any, any]>, filters: any, reading: Reading, earlier: Node[],
 *   named: number[], unwanted: Term[]}} Plan
 * @param tools a session of the engine, see `Engine.session`
 */
function plannerOf(tools) {
  const { manifest, characters, lists, named } = tools;
  const match = matchOf(characters);

  /** @returns {Plan} */
  const planned = (query, filters, reading, unwanted = []) => {
    const tree = (wanted) => match.expression(query, filters, wanted, unwanted);
    const first = match.first(reading);
    return { match: tree(match.whole(reading)), ranges: query.ranges, filters, reading, earlier: first[0] !== undefined ? [tree(first)] : [], named: [], unwanted };
  };

  /** Load the lists of trees until everything before a document is known. @param {Node[]} nodes */
  const known = (nodes, doc) => Promise.all(nodes.flatMap(leavesOf).map((leaf) => resolveLeaf(leaf, doc, lists)));

  const holds = async (node, doc) => {
    await known([node], doc + 1);
    return indexOf(docsOf(node, manifest.entries), doc) >= 0;
  };

  /** The documents of what is named so and passes the filters: ids without an owner, then the others. */
  const docsNamed = async (text, filters, within) => {
    const ways = await named(characters.nameNorm(lastSegment(text)));
    const isWhole = (doc) => ways.some((way) => !way.kind && way.doc === doc);
    const docs = [...new Set(ways.map((way) => way.doc))].sort((a, b) => isWhole(b) - isWhole(a) || a - b).slice(0, 50);
    let found = /[/:]/.test(text) ? await rarely("resolved", text, ways, docs, tools) : [];
    if (!found.length) for (const doc of docs) if (isWhole(doc) || !within || (await holds(within, doc))) found.push(doc);
    return filters === UNFILTERED ? found : rarely("passing", found, filters, holds);
  };

  return {
    planned, known,
    understanding: (words) => readerOf(words, tools),

    /** @param {Query} query @returns {Promise<Plan>} */
    async prepare(query, understand = true) {
      const isFiltered = !isEmpty({ ...query.filters, ...query.excluded });
      const filters = isFiltered ? await rarely("filtersOf", query, tools) : UNFILTERED;
      const words = [...query.words, ...filters.text.map((text) => wordOf(text))];
      if (!understand || !words[0]) return planned(query, filters, asTyped(words));
      const reader = await readerOf(words, tools);
      const unwanted = words.filter((word) => word.negated).flatMap((word) => reader.named([word]));
      return planned(query, filters, reader.read(words), unwanted);
    },

    /** The plan with what is named just so, where the query looks for a name at all. */
    async withNamed(query, plan, name) {
      const { earlier, reading, ranges, filters } = plan;
      const isPlain = name && query.sort === "relevance" && query.words.every((word) => word.kind !== "prefix" && !word.negated);
      let named = [];
      if (isPlain && isEmpty(ranges)) {
        const within = earlier[0] && reading.terms.length === reading.parts.length ? earlier[0] : null;
        named = await docsNamed(name, filters, within);
        if (named[0] === undefined && reading.telling !== name) named = await docsNamed(reading.telling, filters, within);
      }
      return { ...plan, named };
    },
  };
}

/** The filters of a query without any. */
const UNFILTERED = { wanted: {}, unwanted: {}, text: [], notes: [] };
const isEmpty = (object) => !Object.keys(object)[0];
