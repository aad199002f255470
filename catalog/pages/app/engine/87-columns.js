/** Columns over all entries, in blocks: values for ranges and orders, sets of terms for facet counts. */
const BLOCK = 65536;

class Columns {
  /** @param {Engine} engine */
  constructor(engine) {
    this.engine = engine;
    this.files = engine.files;
    this.manifest = engine.manifest;
    this.parsed = new WeakMap();
  }

  async block(name, place, signal) {
    const bytes = await this.files.bytes(`${name}/${place}`, signal);
    let values = this.parsed.get(bytes);
    if (!values) {
      const reader = new Reader(bytes);
      values = [];
      while (reader.at < bytes.length) values.push(reader.number());
      this.parsed.set(bytes, values);
    }
    return values;
  }

  /** The values of a column by document, of the blocks that these documents are in. */
  async values(name, docs, signal) {
    const places = new Set();
    for (const doc of docs) places.add(Math.floor(doc / BLOCK));
    const each = await Promise.all([...places].map(async (place) => [place, await this.block(name, place, signal)]));
    const blocks = new Map(each);
    return (doc) => blocks.get(Math.floor(doc / BLOCK))[doc % BLOCK];
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
    const [bytes, set] = await Promise.all([this.files.bytes(`s/${facet}`, signal), this.values(`s/${facet}`, docs, signal)]);
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

function mostFirst(counts) {
  return counts.filter(([, count]) => count).sort((a, b) => b[1] - a[1] || (isBefore(a[0], b[0]) ? -1 : 1));
}

/** A date or its beginning as `browser/entries.py` numbers it: the least number that begins so, or the greatest. */
function dateNumber(date, isEnd) {
  const sizes = [13, 32, 25, 61, 62, 10002];
  const parts = date.split("-");
  return sizes.reduce((number, size, i) => number * size + (i + 1 < parts.length ? +parts[i + 1] : isEnd ? size - 1 : 0), +parts[0]);
}
