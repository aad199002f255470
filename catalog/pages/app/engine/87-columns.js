/** Columns over all entries, in blocks: values for ranges and orders, sets of terms for facet counts. */
const BLOCK = 65536;
/** Entries of a block of sets. */
const SETS_BLOCK = 262144;

class Columns {
  /** @param {Engine} engine */
  constructor(engine) {
    this.engine = engine;
    this.files = engine.files;
    this.manifest = engine.manifest;
    this.parsed = new WeakMap();
  }

  /** A block of values or, where a file describes sets, of sets. */
  async block(name, place, described, signal) {
    const bytes = await this.files.bytes(`${name}/${place}`, signal);
    let values = this.parsed.get(bytes);
    if (!values) {
      values = described ? setsOf(bytes, new Reader(described).number()) : [];
      for (const reader = new Reader(bytes); !described && reader.at < bytes.length; ) values.push(reader.number());
      this.parsed.set(bytes, values);
    }
    return values;
  }

  /** The values of a column by document, of the blocks that these documents are in. */
  async values(name, docs, signal) {
    const blocks = await this.blocks(docs, BLOCK, (place) => this.block(name, place, null, signal));
    return (doc) => blocks.get(Math.floor(doc / BLOCK))[doc % BLOCK];
  }

  async blocks(docs, size, load) {
    const places = new Set();
    for (const doc of docs) places.add(Math.floor(doc / size));
    return new Map(await Promise.all([...places].map(async (place) => [place, await load(place)])));
  }

  /** The number of the set of terms of a facet that each document has. */
  async sets(facet, described, docs, signal) {
    const other = this.manifest.given[facet];
    const given = this.manifest.order.includes(other) ? other : null;
    const blocks = await this.blocks(docs, SETS_BLOCK, async (place) => {
      const all = await Promise.all([[facet, described], given && [given, this.files.bytes(`s/${given}`, signal)]].map(
        async (one) => one && this.block(`s/${one[0]}`, place, await one[1], signal)));
      return all[1] ? inOrderOf(...all) : all[0];
    });
    return (doc) => blocks.get(Math.floor(doc / SETS_BLOCK))[doc % SETS_BLOCK];
  }

  reader(column, docs, signal) {
    return this.values(`v/${column}`, docs, signal);
  }

  /** The documents whose value is in a range; null is no bound, and a date may be given in part. */
  async between(column, low, high, docs, signal) {
    const value = await this.reader(column, docs, signal);
    const isDate = column === "modified" || column === "created";
    const unit = this.manifest.units[column];
    const least = low === null ? 1 : isDate ? dateNumber(low, 0) : low + 1;
    const most = high === null ? Infinity : isDate ? dateNumber(high, 1) : high + 1;
    return docs.filter((doc) => {
      const number = value(doc) * unit;
      return number >= least && number <= most && number > 0;
    });
  }

  /** How many of some documents hold each term of a facet, most first. @returns {Promise<[string, number][]>} */
  async counts(facet, docs, signal) {
    const terms = await this.engine.terms(facet, signal);
    if (!terms.length) return [];
    const described = this.files.bytes(`s/${facet}`, signal);
    const [bytes, set] = await Promise.all([described, this.sets(facet, described, docs, signal)]);
    const held = new Map();
    for (const doc of docs) held.set(set(doc), (held.get(set(doc)) || 0) + 1);
    const counts = new Array(terms.length).fill(0);
    const reader = new Reader(bytes);
    for (let number = 0, sets = reader.number(); number < sets; number++) {
      const count = held.get(number) || 0;
      for (let left = reader.number(); left > 0; left--) counts[reader.number()] += count;
    }
    return mostFirst(terms.map(({ term }, i) => [term, counts[i]]));
  }

  /** How many of all entries hold each term, copies counted once. */
  async countsOfAll(facet, signal) {
    return mostFirst((await this.engine.terms(facet, signal)).map(({ term, count }) => [term, count]));
  }
}

/** Numbers of sets as `browser/facets.py` packs them. */
function setsOf(bytes, sets) {
  const each = [8, 7, 6, 5, 4, 3, 2, 1].find((count) => sets ** count <= 256) || 1;
  const start = new Reader(bytes);
  const found = new Uint32Array(start.number());
  const rest = new Reader(bytes, start.at + found.length);
  found.forEach((_, doc) => {
    const byte = bytes[start.at + Math.floor(doc / each)];
    if (each > 1) found[doc] = Math.floor(byte / sets ** (doc % each)) % sets;
    else found[doc] = byte < 255 ? byte : 255 + rest.number();
  });
  return found;
}

/** Numbers by document that were written in the order of other numbers, and by document where these are the same. */
function inOrderOf(written, given) {
  const next = new Uint32Array(given.reduce((most, number) => Math.max(most, number), 0) + 2);
  for (const number of given) next[number + 1]++;
  for (let number = 1; number < next.length; number++) next[number] += next[number - 1];
  return given.map((number) => written[next[number]++]);
}

function mostFirst(counts) {
  return counts.filter(([, count]) => count).sort((a, b) => b[1] - a[1] || (isBefore(a[0], b[0]) ? -1 : 1));
}

/** A date or its beginning as `browser/entries.py` numbers it: the least number that begins so, or the greatest. */
function dateNumber(date, isEnd) {
  const sizes = [13, 32, 25, 61, 62, 10002];
  const parts = date.split("-");
  return sizes.reduce((number, size, i) => number * size + (i + 1 < parts.length ? +parts[i + 1] : isEnd ? size - 1 : 0), +parts[0]);
}
