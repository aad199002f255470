/**
 * Posting lists (catalog/pages/browser/postings.py). A long list is known up to some document, its bound, until more of
 * it is loaded; nothing behind the bound may be trusted.
 * @typedef {{name: string, total: number, docs: Int32Array, kinds: Kind[], naming: number, loaded: number,
 *   segments: {file: number[], places: number[] | null, count: number}[]}} Postings
 * `naming` counts the documents whose name or title hold the term, where the list is long; `segments` follow its head.
 * @typedef {{counts: number[], weight: number, naming: number}} Kind
 * How often each column holds a term, and the weighted sums of all columns and of name and title.
 */
const COLUMN_WEIGHTS = [5.0, 3.0, 0.1, 0.5, 4.0, 2.0];
/** Where name, title, body, extra, facets and cjk stand in the counts of a posting. */
const COUNTED_AT = [1, 2, 0, 3, 5, 4];
const NAMING_COLUMNS = 2;
const NONE = new Int32Array(0);

/** @type {Object<string, Kind>} */
const KINDS = {};

/** @returns {Kind} */
function kindOf(counts) {
  let weight = 0;
  let naming = 0;
  counts.forEach((count, column) => {
    while (count--) weight += COLUMN_WEIGHTS[column];
    if (column < NAMING_COLUMNS) naming = weight;
  });
  return { counts, weight, naming };
}
const FACET_KIND = kindOf([0, 0, 0, 0, 1, 0]);

function readKind(reader) {
  const byte = reader.bytes[reader.at++];
  if (byte < 128) return (KINDS[byte] ||= kindOf([0, 0, byte, 0, 0, 0]));
  const counts = COUNTED_AT.map((_, bit) => ((byte >> bit) & 1 && (byte & 64 ? 1 : reader.number())));
  return (KINDS[counts] ||= kindOf(COUNTED_AT.map((at) => counts[at])));
}

/** The lists of the index; `shards` keeps what was read of them. */
function listsOf({ bytes }, { terms: first, entries, head, growth }, shards) {
  const boundOf = (list) => (list.segments[list.loaded] ? list.docs.at(-1) + 1 : entries);

  const take = (list, found, at, count) => {
    const reader = new Reader(found, at);
    const docs = new Int32Array(list.docs.length + count);
    docs.set(list.docs);
    for (let i = list.docs.length, last = 0; i < docs.length; i++) docs[i] = last += reader.number();
    while (count--) list.kinds.push(list.name[0] === TERM_MARK ? FACET_KIND : readKind(reader));
    list.docs = docs;
  };

  const more = async (list, doc) => {
    while (list.segments[list.loaded] && boundOf(list) < doc) {
      const { loaded, segments } = list;
      let until = loaded;
      for (let bound = boundOf(list); until < segments.length && bound < doc; bound *= growth) until++;
      const wanted = segments.slice(loaded, until);
      const files = await Promise.all(wanted.map(({ file }) => bytes("p/" + file[0])));
      wanted.forEach(({ file, count }, i) => take(list, files[i], file[1], count));
      list.loaded = until;
    }
  };

  const shard = async (number) => {
    const found = await bytes("t/" + number);
    return (shards[number] ||= parsed(found, number));
  };

  const parsed = (bytes, number) => {
    const reader = new Reader(bytes);
    const read = () => reader.number();
    const count = read();
    let placesAt = read();
    let headAt = read();
    headAt += reader.at;
    let name = [];
    const lists = [];
    while (lists.length < count) {
      const shared = read();
      const size = read();
      name = [...name.slice(0, shared), ...bytes.subarray(reader.at, (reader.at += size))];
      const total = read();
      const list = { name: new TextDecoder().decode(Uint8Array.from(name)), total, placesAt, number, docs: NONE, kinds: [], segments: [], loaded: 0 };
      const start = headAt;
      list.open = () => take(list, bytes, start, Math.min(total, head));
      headAt += read();
      placesAt += read();
      if (total > head) readSegments(read, list);
      lists.push(list);
    }
    return { lists, names: lists.map((list) => list.name) };
  };

  const readSegments = (read, list) => {
    const three = () => [read(), read(), read()];
    list.naming = read();
    for (let at = head, end = at * growth; at < list.total; at = end, end *= growth) {
      const file = three();
      list.segments.push({ file, places: list.name[0] !== TERM_MARK && three(), count: Math.min(end, list.total) - at });
    }
  };

  const opened = (list) => {
    list.open?.();
    list.open = null;
    return list;
  };

  return {
    entries, head, bytes, boundOf, shard, opened, first,
    /** Load segments until everything before a document is known. */
    upTo: (list, doc) => (list.loading = (list.loading || Promise.resolve()).catch(() => 0).then(() => more(list, doc))),
    /** The list of a token, or null. @returns {Promise<Postings | null>} */
    async find(token) {
      const place = placeOf(first, token);
      if (place < 0) return null;
      const { names, lists } = await shard(place);
      const at = placeOf(names, token);
      return names[at] === token ? opened(lists[at]) : null;
    },
  };
}
