/**
 * What a leaf of a query matches. A list of one token may be known up to a bound; phrases and prefixes are whole, as
 * how often they occur is known only then.
 */
class Single {
  constructor(postings, naming) {
    this.postings = postings;
    this.isNaming = naming;
    this.known = -1;
  }

  get bound() {
    return this.postings.bound;
  }

  get total() {
    const { postings } = this;
    if (!this.isNaming) return postings.total;
    return postings.segments.length ? postings.naming : this.docs.length;
  }

  get docs() {
    const { docs, kinds } = this.postings;
    if (!this.isNaming) return docs;
    if (this.known !== docs.length) {
      this.known = docs.length;
      this.kept = docs.filter((_, i) => KINDS[kinds[i]].naming > 0);
    }
    return this.kept;
  }

  /** All documents that FTS5 stops at, though the columns that count may not hold the term. */
  get stops() {
    return this.postings.docs;
  }

  /** The weighted frequency in a document; 0 where the columns that count do not hold the term. */
  weight(doc) {
    const { docs, kinds } = this.postings;
    const kind = KINDS[kinds[indexOf(docs, doc)]];
    return this.isNaming ? kind.naming : kind.weight;
  }

  upTo(doc, signal) {
    return this.bound >= doc ? null : this.postings.upTo(doc, signal);
  }
}

/** A leaf whose documents and weights are all known. */
class Whole {
  /** `stops` are documents that hold all tokens, though not one after the other. */
  constructor(docs, weights, entries, stops = docs) {
    this.docs = docs;
    this.stops = stops;
    this.weights = weights;
    this.total = docs.length;
    this.bound = entries;
  }

  weight(doc) {
    return this.weights[indexOf(this.docs, doc)] || 0;
  }

  upTo() {
    return null;
  }
}

function indexOf(docs, doc) {
  let low = 0;
  let high = docs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (docs[middle] < doc) low = middle + 1;
    else if (docs[middle] > doc) high = middle - 1;
    else return middle;
  }
  return -1;
}

/** Find what a leaf matches, and keep it at the leaf. @param {Leaf} leaf @param {Lists} lists */
async function resolveLeaf(leaf, lists, signal) {
  if (leaf.list) return;
  const last = leaf.tokens.length - 1;
  if (!last && !leaf.prefix) {
    const found = await lists.find(leaf.tokens[0], signal);
    leaf.list = found ? new Single(found, leaf.naming) : new Whole(new Int32Array(0), [], lists.entries);
    return;
  }
  if (!last) {
    const counted = await prefixCounts(await lists.starting(leaf.tokens[0], signal), lists, signal);
    leaf.list = wholeOf(leaf, counted, lists);
    return;
  }
  const each = await Promise.all(
    leaf.tokens.map(async (token, i) => {
      if (i === last && leaf.prefix) return lists.starting(token, signal);
      const found = await lists.find(token, signal);
      return found ? [found] : [];
    }),
  );
  const isAny = each.every((found) => found.length);
  const { places, stops } = isAny ? await phrasePlaces(each, lists, signal) : { places: new Map(), stops: [] };
  const counted = new Map();
  for (const [doc, found] of places) {
    const counts = [0, 0, 0, 0, 0, 0];
    for (const place of found) counts[place >> 24]++;
    counted.set(doc, counts);
  }
  leaf.list = wholeOf(leaf, counted, lists, stops);
}

/** A leaf of which the counts are known, by document. @param {Map<number, number[]>} counted */
function wholeOf(leaf, counted, lists, stops = [...counted.keys()].sort((a, b) => a - b)) {
  const docs = [];
  const weights = [];
  for (const doc of [...counted.keys()].sort((a, b) => a - b)) {
    const { weight, naming } = KINDS[kindOf(counted.get(doc))];
    if (leaf.naming && !naming) continue;
    docs.push(doc);
    weights.push(leaf.naming ? naming : weight);
  }
  return new Whole(Int32Array.from(docs), weights, lists.entries, stops);
}

/** How often each column holds any of some terms, by document. */
async function prefixCounts(each, lists, signal) {
  await Promise.all(each.map((list) => list.upTo(lists.entries, signal)));
  const counted = new Map();
  for (const { docs, kinds } of each) {
    docs.forEach((doc, i) => {
      const { counts } = KINDS[kinds[i]];
      const before = counted.get(doc);
      counted.set(doc, before ? before.map((count, column) => count + counts[column]) : counts);
    });
  }
  return counted;
}

/** Where the tokens follow one another: by document, the places of the first; and all documents that hold the tokens.
 * @param {Postings[][]} each */
async function phrasePlaces(each, lists, signal) {
  await Promise.all(each.flat().map((list) => list.upTo(lists.entries, signal)));
  const shared = each.map((found) => found.map((list) => list.docs).reduce(united, new Int32Array(0))).reduce(met);
  const wanted = new Set(shared);
  const placed = await Promise.all(
    each.map(async (found) => {
      const byDoc = new Map();
      for (const list of wanted.size ? found : []) {
        const places = await list.places(signal);
        list.docs.forEach((doc, i) => wanted.has(doc) && byDoc.set(doc, [...(byDoc.get(doc) || []), ...places[i]]));
      }
      return byDoc;
    }),
  );
  const found = new Map();
  for (const doc of shared) {
    const [first, ...others] = placed.map((byDoc) => byDoc.get(doc));
    const sets = others.map((places) => new Set(places));
    const places = first.filter((place) => sets.every((set, i) => set.has(place + i + 1)));
    if (places.length) found.set(doc, places);
  }
  return { places: found, stops: shared };
}

// -- sets of documents: rising arrays ---------------------------------------------------------------------------------

function met(one, other) {
  if (one.length > other.length) [one, other] = [other, one];
  if (one.length * 32 < other.length) return one.filter((doc) => indexOf(other, doc) >= 0);
  const found = new Int32Array(one.length);
  let size = 0;
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    if (one[i] === other[j]) {
      found[size++] = one[i++];
      j++;
    } else if (one[i] < other[j]) i++;
    else j++;
  }
  return found.subarray(0, size);
}

function united(one, other) {
  if (!one.length || !other.length) return one.length ? one : other;
  const found = new Int32Array(one.length + other.length);
  let size = 0;
  for (let i = 0, j = 0; i < one.length || j < other.length; ) {
    if (j >= other.length || one[i] < other[j]) found[size++] = one[i++];
    else {
      if (one[i] === other[j]) i++;
      found[size++] = other[j++];
    }
  }
  return found.subarray(0, size);
}

function less(one, other) {
  let j = 0;
  return one.filter((doc) => {
    while (j < other.length && other[j] < doc) j++;
    return other[j] !== doc;
  });
}
