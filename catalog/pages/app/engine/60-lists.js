/**
 * Posting lists (catalog/pages/browser/postings.py). A long list is known up to some document, `bound`, until more of
 * it is loaded; nothing behind the bound may be trusted.
 */
const COLUMN_WEIGHTS = [5.0, 3.0, 0.1, 0.5, 4.0, 2.0];
/** Where name, title, body, extra, facets and cjk stand in the counts of a posting. */
const COUNTED_AT = [1, 2, 0, 3, 5, 4];
const NAMING_COLUMNS = 2;
/** Shards whose positions share a file. */
const SHARDS_OF_PLACES = 4;

/** How often each column holds a term: counts in column order, the weighted sums of all and of name and title. */
const KINDS = [];
const KIND_OF = new Map();

function kindOf(counts) {
  const key = counts.join();
  let kind = KIND_OF.get(key);
  if (kind !== undefined) return kind;
  let weight = 0;
  let naming = 0;
  counts.forEach((count, column) => {
    for (let i = 0; i < count; i++) weight += COLUMN_WEIGHTS[column];
    if (column < NAMING_COLUMNS) naming = weight;
  });
  kind = KINDS.push({ counts, weight, naming }) - 1;
  KIND_OF.set(key, kind);
  return kind;
}
const BODY_KINDS = Array.from({ length: 128 }, (_, count) => kindOf([0, 0, count, 0, 0, 0]));
const FACET_KIND = kindOf([0, 0, 0, 0, 1, 0]);

function readKind(reader) {
  const byte = reader.bytes[reader.at++];
  if (byte < 128) return BODY_KINDS[byte];
  const once = byte & 64;
  const counts = [0, 1, 2, 3, 4, 5].map((bit) => (byte & (1 << bit) ? (once ? 1 : reader.number()) : 0));
  return kindOf(COUNTED_AT.map((at) => counts[at]));
}

/** The list of one term. */
class Postings {
  constructor(lists, name, total) {
    this.lists = lists;
    this.name = name;
    this.total = total;
    this.isFacet = name[0] === TERM_MARK;
    this.docs = new Int32Array(0);
    this.kinds = [];
    /** Documents whose name or title hold the term, where the list is long. */
    this.naming = 0;
    /** @type {{file: number[], places: number[] | null, count: number}[]} what follows the head */
    this.segments = [];
    this.loaded = 0;
    this.positions = null;
    this.loading = Promise.resolve();
  }

  get bound() {
    if (this.loaded >= this.segments.length) return this.lists.entries;
    return this.docs.length ? this.docs[this.docs.length - 1] + 1 : 0;
  }

  take(bytes, at, count) {
    const reader = new Reader(bytes, at);
    const docs = reader.rising(count);
    const all = new Int32Array(this.docs.length + count);
    all.set(this.docs);
    all.set(docs, this.docs.length);
    for (let i = 0; i < count; i++) this.kinds.push(this.isFacet ? FACET_KIND : readKind(reader));
    this.docs = all;
  }

  /** Load segments until everything before a document is known. */
  upTo(doc, signal) {
    const next = this.loading.catch(() => 0).then(() => this.more(doc, signal));
    this.loading = next;
    return next;
  }

  async more(doc, signal) {
    let until = this.loaded;
    let bound = this.bound;
    while (until < this.segments.length && bound < doc) {
      until++;
      bound = until < this.segments.length ? bound * this.lists.growth : this.lists.entries;
    }
    const wanted = this.segments.slice(this.loaded, until);
    const files = await Promise.all(wanted.map((segment) => this.lists.files.bytes(`p/${segment.file[0]}`, signal)));
    wanted.forEach((segment, i) => this.take(files[i], segment.file[1], segment.count));
    this.loaded = until;
    if (this.bound < doc) await this.more(doc, signal);
  }

  /** Positions of every posting of the whole list: for each, where in the columns it stands. */
  async places(signal) {
    await this.upTo(this.lists.entries, signal);
    if (this.positions) return this.positions;
    const pieces = [{ file: `h/${Math.floor(this.shard / SHARDS_OF_PLACES)}`, at: this.placesAt, count: Math.min(this.total, this.lists.head) }];
    for (const { places, count } of this.segments) pieces.push({ file: `q/${places[0]}`, at: places[1], count });
    const files = await Promise.all(pieces.map((piece) => this.lists.files.bytes(piece.file, signal)));
    const found = [];
    pieces.forEach(({ at, count }, i) => {
      const reader = new Reader(files[i], at);
      for (let n = 0; n < count; n++) found.push(readPlaces(reader, KINDS[this.kinds[found.length]].counts));
    });
    return (this.positions = found);
  }
}

/** Positions with the column above 24 bits. */
function readPlaces(reader, counts) {
  const found = [];
  counts.forEach((count, column) => {
    for (let i = 0, last = 0; i < count; i++) found.push((column << 24) + (last += reader.number()));
  });
  return found;
}

class Lists {
  /** @param {Files} files @param {any} manifest */
  constructor(files, manifest) {
    this.files = files;
    this.first = manifest.terms;
    this.entries = manifest.entries;
    this.head = manifest.head;
    this.growth = manifest.growth;
    this.shards = new Map();
  }

  /** @returns {Promise<{names: string[], lists: Postings[]}>} */
  async shard(number, signal) {
    const bytes = await this.files.bytes(`t/${number}`, signal);
    if (!this.shards.has(number)) this.shards.set(number, this.parsed(bytes, number));
    return this.shards.get(number);
  }

  parsed(bytes, number) {
    const reader = new Reader(bytes);
    const count = reader.number();
    let placesAt = reader.number();
    let headAt = reader.number();
    headAt += reader.at;
    let name = new Uint8Array(0);
    const decoder = new TextDecoder();
    const lists = [];
    for (let i = 0; i < count; i++) {
      const shared = reader.number();
      const length = reader.number();
      const whole = new Uint8Array(shared + length);
      whole.set(name.subarray(0, shared));
      whole.set(bytes.subarray(reader.at, (reader.at += length)), shared);
      name = whole;
      const list = new Postings(this, decoder.decode(name), reader.number());
      list.shard = number;
      list.head = [bytes, headAt, Math.min(list.total, this.head)];
      list.placesAt = placesAt;
      headAt += reader.number();
      placesAt += reader.number();
      if (list.total > this.head) this.readSegments(reader, list);
      lists.push(list);
    }
    return { names: lists.map((list) => list.name), lists };
  }

  readSegments(reader, list) {
    const three = () => [reader.number(), reader.number(), reader.number()];
    list.naming = reader.number();
    for (let at = this.head, end = at * this.growth; at < list.total; at = end, end *= this.growth) {
      const count = Math.min(end, list.total) - at;
      list.segments.push({ file: three(), places: list.isFacet ? null : three(), count });
    }
  }

  opened(list) {
    if (list.head) list.take(...list.head);
    list.head = null;
    return list;
  }

  /** The list of a token, or null. @returns {Promise<Postings | null>} */
  async find(token, signal) {
    const place = placeOf(this.first, token);
    if (place < 0) return null;
    const { names, lists } = await this.shard(place, signal);
    const at = placeOf(names, token);
    return at >= 0 && names[at] === token ? this.opened(lists[at]) : null;
  }

  /** The lists of all tokens that begin so, which may be many. @returns {Promise<Postings[]>} */
  async starting(prefix, signal) {
    const from = Math.max(0, placeOf(this.first, prefix));
    let to = from;
    while (to + 1 < this.first.length && (this.first[to + 1].startsWith(prefix) || isBefore(this.first[to + 1], prefix))) to++;
    const shards = await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => this.shard(from + i, signal)));
    return shards.flatMap(({ lists }) => lists.filter((list) => list.name.startsWith(prefix)).map((list) => this.opened(list)));
  }
}
