/**
 * One search: its cards, its total, its counts, each worked out when it is asked for (catalog/search/run.py).
 */
const TIER = 1000;
const FEW = 3;
const MOST_PARTS = 6;
const VERDICTS = ["yes", "no", "conditions", "unknown"];
const ORDERS = { updated: "modified", size: "bytes", rows: "rows" };

class Run {
  /** @param {Engine} engine @param {any} view */
  constructor(engine, view) {
    this.engine = engine;
    this.manifest = engine.manifest;
    this.lists = engine.lists;
    this.view = view;
    this.control = new AbortController();
    this.signal = this.control.signal;
    this.planner = new Planner(engine, this.signal);
    this.found = this.find();
    this.found.catch(() => 0);
  }

  abort() {
    this.control.abort(new DOMException("The search was given up.", "AbortError"));
  }

  /** The page of hits and what is said beside it. */
  get cards() {
    return this.shown || (this.shown = this.found.then((found) => this.show(found)));
  }

  /** How many there are, exactly. @returns {Promise<number>} */
  get total() {
    return this.counted || (this.counted = this.found.then(({ query, page }) => (page.total === null ? this.totalOf(query, page.plan) : page.total)));
  }

  /** @returns {Promise<Query>} */
  async query() {
    const { view } = this;
    const text = view.search || "";
    const values = [view.filters, view.excluded].flatMap((side) => Object.values(side || {}).flat());
    await this.engine.characters.ready([text, ...values].join(" "), this.signal);
    const query = this.engine.parse(text);
    for (const side of ["filters", "excluded"]) {
      for (const [facet, given] of Object.entries(view[side] || {})) {
        if (given.length) query[side][facet] = [...(query[side][facet] || []), ...given];
      }
    }
    const { language } = this.manifest;
    for (const [name, span] of Object.entries(view.ranges || {})) {
      if (!Object.hasOwn(language.ranges, name)) throw usage(`nothing is called ${name}.`);
      if (span) query.ranges[language.ranges[name]] = parseRange(name, span, language);
    }
    const limit = view.size || 10;
    return { ...query, sort: view.sort || "relevance", limit, offset: ((view.page || 1) - 1) * limit, merge: view.merge !== false };
  }

  async find() {
    const query = await this.query();
    const help = !this.view.exact;
    const text = textOf(query);
    let page = await this.page(query, await this.planner.withNamed(query, await this.planner.prepare(query, help), text));
    if (help && page.plan.reading.units.length && !page.plan.named.length && (await this.isFew(query, page))) {
      page = await this.respelt(query, page);
      if (!page.plan.named.length && (await this.isFew(query, page))) page = await this.relaxed(query, page);
    }
    const emptiedBy = page.docs.length || query.offset ? [] : await this.emptiedBy(query);
    return { query, page, emptiedBy };
  }

  async isFew(query, page) {
    return query.offset + page.docs.length < FEW || !page.docs.length ? (await this.sure(query, page)) < FEW : false;
  }

  /** The total of a page, worked out where it is not yet known. */
  async sure(query, page) {
    if (page.total === null) page.total = await this.totalOf(query, page.plan);
    return page.total;
  }

  async show({ query, page, emptiedBy }) {
    const { plan } = page;
    const cards = await Promise.all(page.docs.map((doc) => this.engine.card(doc, this.signal)));
    const hits = cards.map((card, i) => this.engine.hit(page.docs[i], card, query.merge, plan.named.includes(page.docs[i])));
    const read = [...new Set(plan.reading.terms.map(said)), ...plan.unwanted.map((term) => `-${said([term])}`)];
    return {
      hits,
      offset: query.offset,
      total: page.total === null ? undefined : page.total,
      totalIsExact: page.total !== null,
      readAs: read,
      didYouMean: page.didYouMean || "",
      leftOut: page.leftOut || "",
      notes: [...query.notes, ...plan.filters.notes],
      emptiedBy,
    };
  }

  // -- a page ---------------------------------------------------------------------------------------------------------

  /** @param {Query} query @param {Plan} plan */
  async page(query, plan) {
    const isSorted = query.sort in ORDERS || query.sort === "name";
    const fold = await this.foldOf(query, plan);
    const docs = isSorted ? await this.sorted(query, plan, fold) : await this.ranked(query, plan, fold);
    const total = docs.length < query.limit && (docs.length || !query.offset) ? query.offset + docs.length : null;
    return { plan, docs, total };
  }

  /** The documents of a page by relevance or popularity, exact names first. */
  async ranked(query, plan, fold) {
    const end = query.offset + query.limit;
    const isScored = query.sort === "relevance" && query.words.length > 0;
    const levels = isScored ? levelsOf(plan) : [plan.match];
    let doc = 0;
    for (;;) {
      const leaves = await this.planner.known([...levels, plan.match], doc);
      const bound = boundOf(leaves, this.lists.entries);
      const matching = await this.within(plan, before(docsOf(plan.match, this.lists), bound));
      const known = new Known(matching, bound, plan.named, this.lists.entries);
      const order = this.ordered(levels, plan, known, isScored);
      const shown = await fold.shown(order, known, end);
      if (shown) return shown.slice(query.offset, end);
      if (bound >= this.lists.entries) throw new Error("The end of all lists was not enough.");
      doc = nextBound(bound, matching.length, isScored ? TIER : end, this.lists.entries);
    }
  }

  /** What comes one after the other as far as it is sure; ends with null where more has to be loaded. */
  *ordered(levels, plan, known, isScored) {
    yield* plan.named;
    const seen = new Set(plan.named);
    for (const level of levels) {
      const docs = level === plan.match ? known.docs : met(before(docsOf(level, this.lists), known.bound), known.docs);
      const tier = isScored ? docs.subarray(0, TIER) : new Int32Array(0);
      if (isScored && tier.length < TIER && !known.isWhole) return yield null;
      for (const doc of isScored ? this.scored(level, tier) : []) if (!seen.has(doc)) yield doc;
      for (const doc of docs.subarray(tier.length)) if (!seen.has(doc)) yield doc;
      if (!known.isWhole) return yield null;
    }
  }

  scored(level, docs) {
    const scores = new Scores(level, this.lists, this.manifest);
    const each = Array.from(docs, (doc) => [scores.of(doc), doc]);
    return each.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, doc]) => doc);
  }

  /** The documents of a page by a column. */
  async sorted(query, plan, fold) {
    const matching = await this.matching(plan);
    const known = new Known(matching, this.lists.entries, plan.named, this.lists.entries);
    const isName = query.sort === "name";
    const value = await this.engine.columns.reader(ORDERS[query.sort] || "name", matching, this.signal);
    const keyed = Array.from(matching, (doc) => [isName ? value(doc) : -value(doc), doc]);
    keyed.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const end = query.offset + query.limit;
    const shown = await fold.shown(keyed.map(([, doc]) => doc), known, end);
    return shown.slice(query.offset, end);
  }

  // -- all that matches ------------------------------------------------------------------------------------------------

  /** All documents that match, ranges and all; names beside them and copies aside. @param {Plan} plan */
  async matching(plan) {
    await this.planner.known([plan.match], this.lists.entries);
    return this.within(plan, docsOf(plan.match, this.lists));
  }

  async within(plan, docs) {
    let kept = docs;
    for (const [column, [low, high]] of Object.entries(plan.ranges)) {
      kept = await this.engine.columns.between(column, low, high, kept, this.signal);
    }
    return kept;
  }

  /** All documents that the result shows, on whatever page. */
  async resultOf(query, plan) {
    const matching = await this.matching(plan);
    const all = plan.named.reduce((docs, doc) => united(docs, Int32Array.of(doc)), matching);
    const fold = await this.foldOf(query, plan);
    return fold.without(all);
  }

  async totalOf(query, plan) {
    if (this.isAll(query, plan)) return this.manifest.shown;
    if (plan.match.kind === "leaf" && !plan.named.length && !Object.keys(plan.ranges).length && !this.folds(query)) {
      await this.planner.known([plan.match], 0);
      return plan.match.list.total;
    }
    return (await this.resultOf(query, plan)).length;
  }

  folds(query) {
    return query.merge && this.manifest.clusters > 0;
  }

  async foldOf(query, plan) {
    if (!this.folds(query)) return new Fold(this.engine, null, this.signal);
    return new Fold(this.engine, await this.verdictsAsked(plan.filters), this.signal);
  }

  /** The verdicts on commercial use that filters let through; none where they do not speak of it. */
  async verdictsAsked(filters) {
    if (!filters.wanted.commercial && !filters.unwanted.commercial) return [];
    const names = async (side) => {
      const each = await Promise.all(VERDICTS.map(async (name) => [name, await this.planner.number("commercial", name)]));
      return each.filter(([, number]) => (side.commercial || []).includes(number)).map(([name]) => name);
    };
    const [wanted, unwanted] = [await names(filters.wanted), await names(filters.unwanted)];
    if (!wanted.length && !unwanted.length) return [];
    return (wanted.length ? wanted : VERDICTS).filter((name) => !unwanted.includes(name));
  }

  // -- help where few are found ----------------------------------------------------------------------------------------

  /** The page of the likeliest spelling that finds anything, where that is more than the words as typed do. */
  async respelt(query, page) {
    const { plan } = page;
    for await (const reading of readings(this.planner, plan.reading, page.total > 0)) {
      const other = this.planner.planned(query, plan.filters, reading, plan.unwanted);
      if (!(await this.matching(other)).length) continue;
      const again = await this.page(query, await this.planner.withNamed(query, other, reading.text));
      const isMore = (await this.sure(query, again)) > page.total;
      return isMore ? { ...again, didYouMean: reading.text } : page;
    }
    return page;
  }

  /** The page with what holds all parts of the words but one behind it, where that is more. */
  async relaxed(query, page) {
    const { plan } = page;
    const { parts } = plan.reading;
    const found = [];
    for (const part of parts.length > 1 && parts.length <= MOST_PARTS ? parts : []) {
      const other = this.planner.planned(query, plan.filters, plan.reading.without(part), plan.unwanted);
      const count = Math.min(TIER, (await this.matching(other)).length);
      if (count <= page.total) continue;
      const isBinding = part.terms.some((term) => ["language", "commercial", "license"].includes(term.facet));
      found.push({ order: [+isBinding, +(count < FEW), count >= FEW ? count : -count], part, other });
    }
    if (!found.length) return page;
    const best = found.reduce((one, each) => (compared(each.order, one.order) < 0 ? each : one));
    const wider = { ...best.other, earlier: [...plan.earlier, plan.match, ...best.other.earlier], reading: plan.reading };
    const again = await this.page(query, await this.planner.withNamed(query, wider, plan.reading.text));
    return { ...again, didYouMean: page.didYouMean, leftOut: partText(best.part) };
  }

  /** Each part of a query without which there would be hits, and how many (catalog/search/explain.py). */
  async emptiedBy(query) {
    const parts = partsOf(query, this.manifest.language);
    if (parts.length < 2 && query.words.length) return [];
    const total = async (fields) => {
      const other = { ...query, ...fields };
      return (await this.resultOf(other, await this.planner.prepare(other))).length;
    };
    const helping = [];
    for (const { name, without } of parts) helping.push([name, await total(without)]);
    const found = helping.filter(([, count]) => count).sort((a, b) => b[1] - a[1]);
    if (found.length || parts.length < 2) return found;
    const nothing = { words: [], filters: {}, excluded: {}, ranges: {} };
    const empty = [];
    for (const { name, alone } of parts) if (!(await total({ ...nothing, ...alone }))) empty.push([name, 0]);
    return empty;
  }

  // -- counts -----------------------------------------------------------------------------------------------------------

  /** Exact counts by facet, most first; a facet that is filtered is counted without its own filter, unless `within`.
   * @param {{facets?: string[], within?: boolean}} [asked] @returns {Promise<Object<string, [string, number][]>>} */
  async counts(asked = {}) {
    const facets = asked.facets || this.manifest.facets.map(({ facet }) => facet);
    const { query, page } = await this.found;
    const whole = this.counter(query, page.plan);
    const counted = facets.map(async (facet) => {
      const isOwn = !asked.within && query.filters[facet];
      return [facet, await (await (isOwn ? this.apart(query, facet) : whole))(facet)];
    });
    return Object.fromEntries(await Promise.all(counted));
  }

  /** Counts a facet over all that a query shows; where that is every entry, the manifest knows. */
  async counter(query, plan) {
    const { columns } = this.engine;
    if (this.isAll(query, plan)) return (facet) => columns.countsOfAll(facet, this.signal);
    const docs = await this.resultOf(query, plan);
    return (facet) => columns.counts(facet, docs, this.signal);
  }

  isAll(query, plan) {
    const isPlain = plan.match.kind === "all" && !Object.keys(plan.ranges).length && !plan.named.length;
    return isPlain && (this.folds(query) || !this.manifest.clusters);
  }

  /** The counter of a query without its filter of a facet. */
  async apart(query, facet) {
    const other = { ...query, filters: but(query.filters, facet) };
    const plan = await this.planner.prepare(other, !this.view.exact);
    return this.counter(other, await this.planner.withNamed(other, plan, textOf(other)));
  }
}

const textOf = (query) => query.words.filter((word) => !word.negated).map((word) => word.text).join(" ");
const said = (terms) => terms.map((term) => `${term.facet}:${term.id}`).join(" or ");
const but = (parts, name) => Object.fromEntries(Object.entries(parts).filter(([each]) => each !== name));
const compared = (one, other) => one.map((value, i) => value - other[i]).find((step) => step) || 0;

/** What comes first, then what else matches: each without those before it. */
function levelsOf(plan) {
  if (!plan.earlier.length) return [plan.match];
  const all = [...plan.earlier, plan.match];
  return all.map((node, i) => notOf(node, eitherOf(all.slice(0, i))));
}

/** How far lists have to be known for enough matches, as thick as they are so far. */
function nextBound(bound, matches, wanted, entries) {
  const guess = matches ? (1.3 * bound * wanted) / matches : entries;
  return Math.min(entries, Math.max(Math.ceil(guess), bound * 2, bound + 1));
}

/** What is known of the matches so far. */
class Known {
  constructor(docs, bound, named, entries) {
    this.docs = docs;
    this.bound = bound;
    this.named = named;
    this.isWhole = bound >= entries;
  }

  /** Whether a document is in the result; null where that is not yet known. */
  has(doc) {
    if (this.named.includes(doc)) return true;
    return doc < this.bound ? indexOf(this.docs, doc) >= 0 : null;
  }
}

/** The parts of a query as they may be typed, with the fields of a query without each and of one of it alone. */
function partsOf(query, language) {
  const found = [];
  for (const [side, flag] of [["filters", "--"], ["excluded", "--not-"]]) {
    for (const [facet, values] of Object.entries(query[side])) {
      const name = `${flag}${facet === "language" ? "lang" : facet} ${values.join(",")}`;
      found.push({ name, without: { [side]: but(query[side], facet) }, alone: { [side]: { [facet]: values } } });
    }
  }
  for (const [column, span] of Object.entries(query.ranges)) {
    const flag = Object.keys(language.ranges).find((each) => language.ranges[each] === column);
    const name = `--${flag} ${span.map((bound) => (bound === null ? "" : bound)).join("..")}`;
    found.push({ name, without: { ranges: but(query.ranges, column) }, alone: { ranges: { [column]: span } } });
  }
  const others = found.length > 0;
  if (query.words.length && others) {
    found.push({ name: `the words ${quoted(textOf(query))}`, without: { words: [] }, alone: { words: query.words } });
  } else if (query.words.length > 1) {
    for (const word of query.words) {
      const rest = query.words.filter((each) => !isSameWord(each, word));
      found.push({ name: `the word ${quoted(word.text)}`, without: { words: rest }, alone: { words: [word] } });
    }
  }
  return found;
}

const isSameWord = (one, other) => one.text === other.text && one.kind === other.kind && one.negated === other.negated;
