/**
 * From a query to a plan: filters resolved, words read, trees built and what is named found (catalog/search/run.py).
 * @typedef {{match: Node, ranges: Object<string, [any, any]>, filters: any, reading: Reading, earlier: Node[],
 *   named: number[], unwanted: Term[]}} Plan
 */
class Planner {
  /** @param {Engine} engine @param {AbortSignal} signal */
  constructor(engine, signal) {
    this.engine = engine;
    this.lists = engine.lists;
    this.characters = engine.characters;
    this.lookUps = engine.lookUps;
    this.language = engine.manifest.language;
    this.match = new Match(engine.characters);
    this.signal = signal;
  }

  /** @returns {Promise<Understanding>} reads these words */
  async understanding(words) {
    const reader = new Understanding(this.characters, this.language, new Map());
    reader.known = await this.lookUps.spellings(reader.lookedUp(words), this.signal);
    return reader;
  }

  /** @param {Query} query @returns {Promise<Plan>} */
  async prepare(query, understand = true) {
    const filters = await this.filters(query);
    const words = [...query.words, ...filters.text.map((text) => wordOf(text))];
    if (!understand || !words.length) return this.planned(query, filters, asTyped(words));
    const reader = await this.understanding(words);
    const unwanted = words.filter((word) => word.negated).flatMap((word) => reader.named([word]));
    return this.planned(query, filters, reader.read(words), unwanted);
  }

  /** @returns {Plan} */
  planned(query, filters, reading, unwanted = []) {
    const match = this.match.expression(query, filters, this.match.whole(reading), unwanted);
    const first = this.match.first(reading);
    const earlier = first.length ? [this.match.expression(query, filters, first, unwanted)] : [];
    return { match, ranges: query.ranges, filters, reading, earlier, named: [], unwanted };
  }

  /** The terms of a query's filters; a value that names none becomes text, matches nothing, or is passed over. */
  async filters(query) {
    const found = { wanted: {}, unwanted: {}, text: [], notes: [] };
    for (const [side, given] of [["wanted", query.filters], ["unwanted", query.excluded]]) {
      for (const [facet, values] of Object.entries(given)) {
        const numbers = [];
        for (const value of new Set(values)) {
          const number = await this.number(facet, value);
          const isLoose = query.loose.has(`${facet}:${value}`);
          if (number !== null) numbers.push(number);
          if (number) continue;
          const said = await this.unknown(facet, value);
          if (number === 0) found.notes.push(said);
          else if (!isLoose) throw Object.assign(usage(said), { facet, value });
          else if (side === "unwanted") found.notes.push(`${said} Nothing was excluded for it.`);
          else {
            found.text.push(value);
            found.notes.push(`${said} It was searched as text.`);
          }
        }
        if (numbers.length) found[side][facet] = numbers;
      }
    }
    return found;
  }

  /** The number of a term; 0 for one that nothing has, null for one that is a mistake. */
  async number(facet, value) {
    const listed = this.engine.manifest.facets.find((each) => each.facet === facet);
    const shown = listed && listed.terms.find((each) => each.term === value);
    if (shown) return shown.n;
    const terms = await this.lookUps.termsSpelt(this.characters.nameNorm(value), this.signal);
    const term = terms.find((each) => each.facet === facet);
    return term ? term.number : this.language.closed.includes(facet) ? null : 0;
  }

  async unknown(facet, value) {
    const names = await this.lookUps.allOf(facet, this.signal);
    const near = closeMatches(this.characters.nameNorm(value), [...names.keys()]);
    const guess = [...new Set(near.map((norm) => names.get(norm)))].join(" or ");
    const said = `no ${facet} ${quoted([...value].slice(0, 60).join(""))}`;
    return guess ? `${said}; did you mean ${guess}?` : `${said}.`;
  }

  /** The plan with what is named just so, where the query looks for a name at all. */
  async withNamed(query, plan, name) {
    const isPlain = query.words.every((word) => word.kind !== "prefix" && !word.negated);
    const isRange = Object.keys(plan.ranges).length > 0;
    if (!name || !isPlain || query.sort !== "relevance" || isRange) return { ...plan, named: [] };
    const within = plan.earlier.length && plan.reading.isAllTerms ? plan.earlier[0] : null;
    let named = await this.docsNamed(name, plan.filters, within);
    const { telling } = plan.reading;
    if (!named.length && telling !== name) named = await this.docsNamed(telling, plan.filters, within);
    return { ...plan, named };
  }

  /** The documents of what is named so and passes the filters: ids without an owner, then the others. */
  async docsNamed(text, filters, within) {
    const ways = await this.lookUps.named(this.characters.nameNorm(lastSegment(text)), this.signal);
    const wholes = new Set(ways.filter((way) => !way.kind).map((way) => way.doc));
    const docs = [...new Set(ways.map((way) => way.doc))].sort((a, b) => wholes.has(b) - wholes.has(a) || a - b).slice(0, 50);
    let found = [];
    for (const doc of docs) if (wholes.has(doc) || !within || (await this.holds(within, doc))) found.push(doc);
    if (/[/:]/.test(text)) {
      const sure = await this.resolved(text, ways, docs);
      if (sure.length) found = sure;
    }
    const kept = [];
    for (const doc of found) if (await this.passes(doc, filters)) kept.push(doc);
    return kept;
  }

  /** The documents that a key, an id or a place means, the surest first. */
  async resolved(text, ways, docs) {
    const asked = trimmed(text);
    const folded = this.characters.casefold(asked);
    const found = [];
    for (const doc of docs) {
      const key = this.characters.casefold((await this.engine.card(doc, this.signal))[0]);
      const mine = ways.filter((way) => way.doc === doc && way.text);
      const has = (kinds, same) => mine.some((way) => kinds.includes(way.kind) && same(way.text));
      const id = key.slice(key.indexOf(":") + 1);
      if (folded === key) found.push([0, doc]);
      else if (folded === id || has([2, 3], (each) => each === folded)) found.push([1, doc]);
      else if (has([4], (each) => each === folded || each.slice(each.indexOf(":") + 1) === folded)) found.push([2, doc]);
    }
    if (!docs.length && asked.includes(":")) {
      const doc = await this.engine.docOf(asked, this.signal);
      if (doc !== null) found.push([0, doc]);
    }
    return found.sort((a, b) => a[0] - b[0]).map(([, doc]) => doc);
  }

  async passes(doc, filters) {
    const holds = (numbers) => this.holds(eitherOf(numbers.map(termLeaf)), doc);
    for (const numbers of Object.values(filters.wanted)) if (!(await holds(numbers))) return false;
    for (const numbers of Object.values(filters.unwanted)) if (await holds(numbers)) return false;
    return true;
  }

  async holds(node, doc) {
    await this.known([node], doc + 1);
    return indexOf(docsOf(node, this.lists), doc) >= 0;
  }

  /** Load the lists of trees until everything before a document is known. @param {Node[]} nodes */
  async known(nodes, doc) {
    const leaves = nodes.flatMap((node) => leavesOf(node));
    await Promise.all(leaves.map((leaf) => resolveLeaf(leaf, this.lists, this.signal)));
    await Promise.all(leaves.map((leaf) => leaf.list.upTo(doc, this.signal)));
    return leaves;
  }
}

/** The three keys most like a word, the most like first (difflib.get_close_matches with a cut at 0.6). */
function closeMatches(word, keys) {
  const near = keys.map((key) => [likeness(key, word), key]).filter(([ratio]) => ratio >= 0.6);
  near.sort((a, b) => b[0] - a[0] || (isBefore(a[1], b[1]) ? 1 : -1));
  return near.slice(0, 3).map(([, key]) => key);
}

/** Twice the letters in matching blocks over all letters, after Ratcliff and Obershelp. */
function likeness(one, other) {
  const [a, b] = [[...one], [...other]];
  const matching = (aLow, aHigh, bLow, bHigh) => {
    let [bestA, bestB, size] = [aLow, bLow, 0];
    let lengths = new Map();
    for (let i = aLow; i < aHigh; i++) {
      const next = new Map();
      for (let j = bLow; j < bHigh; j++) {
        if (a[i] !== b[j]) continue;
        const length = (lengths.get(j - 1) || 0) + 1;
        next.set(j, length);
        if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
      }
      lengths = next;
    }
    if (!size) return 0;
    return size + matching(aLow, bestA, bLow, bestB) + matching(bestA + size, aHigh, bestB + size, bHigh);
  };
  return a.length + b.length ? (2 * matching(0, a.length, 0, b.length)) / (a.length + b.length) : 1;
}
