/** Columns over all entries, in blocks: values for ranges and orders, sets of terms for facet counts. */
const BLOCK = 65536;
/** Entries of a block of sets. */
const SETS_BLOCK = 262144;
const VERDICTS = ["yes", "no", "conditions", "unknown"];

/** What each document has, out of the blocks of `size` that these documents are in. */
async function perDoc(docs, size, load) {
  const blocks = [];
  for (const doc of docs) blocks[Math.floor(doc / size)] ??= 1;
  await Promise.all(Object.keys(blocks).map(async (place) => (blocks[place] = await load(place))));
  return (doc) => blocks[Math.floor(doc / size)][doc % size];
}

/** The values of a column by document. */
const valuesOf = (name, docs, { bytes }) =>
  perDoc(docs, BLOCK, async (place) => {
    const found = await bytes(`${name}/${place}`);
    if (found.read) return found.read;
    found.read = [];
    for (const reader = new Reader(found); reader.at < found.length; ) found.read.push(reader.number());
    return found.read;
  });

/** The number of the set of terms of a facet that each document has. */
function setsOf(facet, docs, { bytes, manifest: { given, order } }) {
  const block = async (name, place) => {
    const [described, found] = await Promise.all([bytes("s/" + name), bytes(`s/${name}/${place}`)]);
    return (found.read ||= unpackedSets(found, new Reader(described).number()));
  };
  const other = order.includes(given[facet]) && given[facet];
  return perDoc(docs, SETS_BLOCK, async (place) => {
    const [written, by] = await Promise.all([block(facet, place), other && block(other, place)]);
    return by ? inOrderOf(written, by) : written;
  });
}

/** Numbers of sets as `browser/facets.py` packs them. */
function unpackedSets(bytes, sets) {
  const each = [8, 7, 6, 5, 4, 3, 2, 1].find((count) => sets ** count <= 256) || 1;
  const start = new Reader(bytes);
  const found = new Uint32Array(start.number());
  const rest = new Reader(bytes, start.at + found.length);
  return found.map((_, doc) => {
    const byte = bytes[start.at + Math.floor(doc / each)];
    return each > 1 ? Math.floor(byte / sets ** (doc % each)) % sets : byte < 255 ? byte : 255 + rest.number();
  });
}

/** Numbers by document that were written in the order of other numbers, and by document where these are the same. */
function inOrderOf(written, given) {
  const next = new Uint32Array(given.reduce((most, number) => Math.max(most, number), 0) + 2);
  for (const number of given) next[number + 1]++;
  for (let number = 1; number < next.length; number++) next[number] += next[number - 1];
  return given.map((number) => written[next[number]++]);
}

/** The documents of rising ones whose values are in ranges; null is no bound, and a date may be given in part. */
async function between(ranges, docs, tools) {
  for (const [column, [low, high]] of Object.entries(ranges)) {
    const value = await valuesOf("v/" + column, docs, tools);
    const bound = (given, isEnd, none) => (given === null ? none : DATES.includes(column) ? dateNumber(given, isEnd) : given + 1);
    const least = bound(low, 0, 1);
    const most = bound(high, 1, Infinity);
    docs = docs.filter((doc) => {
      const number = value(doc) * tools.manifest.units[column];
      return number >= least && number <= most && number > 0;
    });
  }
  return docs;
}

/** A date or its beginning as `browser/entries.py` numbers it: the least number that begins so, or the greatest. */
function dateNumber(date, isEnd) {
  const [year, ...parts] = date.split("-");
  return [13, 32, 25, 61, 62, 10002].reduce((number, size, i) => number * size + +(parts[i] || isEnd && size - 1), +year);
}

/** The documents down to the end of a page by a column. */
async function sorted({ offset, limit, sort }, plan, asked, run) {
  const docs = await matching(run, plan);
  const value = await valuesOf("v/" + ORDERS[sort], docs, run.tools);
  const keyed = Array.from(docs, (doc) => [sort === "name" ? value(doc) : -value(doc), doc]).sort(byFirst);
  const has = (doc) => plan.named.includes(doc) || indexOf(docs, doc) >= 0;
  return run.shown(keyed.map(([, doc]) => doc), has, asked, offset + limit);
}

/** All documents that match, ranges and all; names beside them and copies aside. @param {Plan} plan */
async function matching({ known, within, tools: { manifest } }, plan) {
  await known([plan.match], manifest.entries);
  return within(plan, docsOf(plan.match, manifest.entries));
}

/** All documents that a result shows, on whatever page. */
async function resultOf(run, query, plan) {
  const docs = plan.named.reduce((all, doc) => united(all, Int32Array.of(doc)), await matching(run, plan));
  const asked = await run.verdictsOf(query, plan);
  if (asked === null) return docs;
  const hidden = [];
  for (const [members, commercial] of await run.tools.json("clusters")) {
    const found = members.filter((member) => indexOf(docs, member) >= 0);
    hidden.push(...(isRefused(asked, commercial) ? found : found.slice(1)));
  }
  return less(docs, Int32Array.from(hidden).sort());
}

/** The verdicts on commercial use that filters let through. */
async function verdicts({ wanted, unwanted }, tools) {
  const numbers = await Promise.all(VERDICTS.map((name) => numberOf("commercial", name, tools)));
  const held = ({ commercial = [] }) => VERDICTS.filter((_, i) => commercial.includes(numbers[i]));
  const [some, none] = [held(wanted), held(unwanted)];
  return some[0] || none[0] ? (some[0] ? some : VERDICTS).filter((name) => !none.includes(name)) : [];
}

/** See `counts` of `runOf`. */
async function counts(run, { facets = run.tools.manifest.facets.map(({ facet }) => facet), within }) {
  const { tools, view, prepare, withNamed } = run;
  const { query, page } = await run.found;
  const whole = counterOf(run, query, page.plan);
  const counted = facets.map(async (facet) => {
    if (within || !query.filters[facet]) return [facet, await (await whole)(facet)];
    const other = { ...query, filters: without(query.filters, facet) };
    const plan = await withNamed(other, await prepare(other, !view.exact), textOf(other));
    return [facet, await (await counterOf(run, other, plan))(facet)];
  });
  return Object.fromEntries(await Promise.all(counted));
}

/** Counts a facet over all that a query shows; where that is every entry, the manifest knows. */
async function counterOf(run, query, plan) {
  const { tools } = run;
  const docs = run.isAll(query, plan) ? null : await resultOf(run, query, plan);
  return async (facet) => {
    const terms = await tools.terms(facet);
    const counted = docs ? await countsOf(facet, terms, docs, tools) : terms.map((each) => each.count);
    const pairs = terms.map(({ term }, i) => [term, counted[i]]).filter(([, count]) => count);
    return pairs.sort((a, b) => b[1] - a[1] || (isBefore(a[0], b[0]) ? -1 : 1));
  };
}

/** How many of some documents hold each term of a facet. */
async function countsOf(facet, terms, docs, tools) {
  const found = terms.map(() => 0);
  if (!terms[0]) return found;
  const [bytes, setOf] = await Promise.all([tools.bytes("s/" + facet), setsOf(facet, docs, tools)]);
  const held = [];
  for (const doc of docs) held[setOf(doc)] = (held[setOf(doc)] || 0) + 1;
  const reader = new Reader(bytes);
  for (let set = 0, sets = reader.number(); set < sets; set++) {
    for (let left = reader.number(); left > 0; left--) found[reader.number()] += held[set] || 0;
  }
  return found;
}
