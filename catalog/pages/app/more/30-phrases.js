/** Phrases and beginnings of words: leaves that are found whole, as how often they occur is known only then. */
const SHARDS_OF_PLACES = 4; // whose positions share a file
const MOST_SHARDS = 60; // that the words with one beginning may lie in
const MOST_POSTINGS = 1e6; // that they may have, about two bytes each

/** What a leaf of several tokens, or of a beginning, matches. @param {Leaf} leaf */
async function found(leaf, lists) {
  const last = leaf.tokens.length - 1;
  const each = await Promise.all(
    leaf.tokens.map(async (token, i) => {
      if (i === last && leaf.prefix) return starting(token, lists);
      const list = await lists.find(token);
      return list ? [list] : [];
    }),
  );
  await Promise.all(each.flat().map((list) => lists.upTo(list, lists.entries)));
  if (!last) return counted(leaf, prefixCounts(each[0]), lists);
  const { places, stops } = each.every((some) => some[0]) ? await phrasePlaces(each, lists) : { places: [], stops: NONE };
  const counts = new Map();
  for (const [doc, at] of places) {
    counts.set(doc, [0, 0, 0, 0, 0, 0]);
    for (const place of at) counts.get(doc)[place >> 24]++;
  }
  return counted(leaf, counts, lists, stops);
}

/** A leaf of which the counts are known, by document. @param {Map<number, number[]>} counts */
function counted(leaf, counts, lists, stops) {
  const docs = [];
  const weights = [];
  const every = Int32Array.from(counts.keys()).sort();
  for (const doc of every) {
    const { weight, naming } = kindOf([...counts.get(doc)]);
    if (leaf.naming && !naming) continue;
    docs.push(doc);
    weights.push(leaf.naming ? naming : weight);
  }
  return wholeList(Int32Array.from(docs), weights, lists.entries, stops || every);
}

/** The lists of all tokens that begin so; where these are too many to load, that is said. @returns {Promise<Postings[]>} */
async function starting(prefix, { first, shard, opened }) {
  const from = Math.max(0, placeOf(first, prefix));
  let to = from;
  while (to + 1 < first.length && (first[to + 1].startsWith(prefix) || isBefore(first[to + 1], prefix))) to++;
  const tooMany = usage(`too many words begin with ${quoted(prefix)}; write more of it.`);
  if (to - from >= MOST_SHARDS) throw tooMany;
  const shards = await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => shard(from + i)));
  const lists = shards.flatMap((each) => each.lists.filter((list) => list.name.startsWith(prefix)));
  if (lists.reduce((sum, list) => sum + list.total, 0) > MOST_POSTINGS) throw tooMany;
  return lists.map(opened);
}

/** How often each column holds any of some terms, by document. @param {Postings[]} each */
function prefixCounts(each) {
  const counted = new Map();
  for (const { docs, kinds } of each) {
    docs.forEach((doc, i) => {
      const { counts } = kinds[i];
      counted.set(doc, counted.get(doc)?.map((count, column) => count + counts[column]) || counts);
    });
  }
  return counted;
}

/** Positions of every posting of a whole list: for each, where in the columns it stands, the column above 24 bits. */
async function placesOf(list, { head, bytes }) {
  if (list.positions) return list.positions;
  const pieces = [{ file: "h/" + Math.floor(list.number / SHARDS_OF_PLACES), at: list.placesAt, count: Math.min(list.total, head) }];
  for (const { places, count } of list.segments) pieces.push({ file: "q/" + places[0], at: places[1], count });
  const files = await Promise.all(pieces.map((piece) => bytes(piece.file)));
  const found = [];
  pieces.forEach(({ at, count }, i) => {
    const reader = new Reader(files[i], at);
    while (count--) {
      const places = [];
      list.kinds[found.length].counts.forEach((times, column) => {
        for (let last = column << 24; times--; ) places.push((last += reader.number()));
      });
      found.push(places);
    }
  });
  return (list.positions = found);
}

/** Where the tokens follow one another: by document, the places of the first; and all documents that hold the tokens.
 * @param {Postings[][]} each */
async function phrasePlaces(each, lists) {
  const stops = each.map((some) => some.map((list) => list.docs).reduce(united, NONE)).reduce(met);
  const wanted = new Set(stops);
  const placed = await Promise.all(
    each.map(async (some) => {
      const byDoc = new Map();
      for (const list of wanted.size ? some : []) {
        const places = await placesOf(list, lists);
        list.docs.forEach((doc, i) => wanted.has(doc) && byDoc.set(doc, [...(byDoc.get(doc) || []), ...places[i]]));
      }
      return byDoc;
    }),
  );
  const places = new Map();
  for (const doc of stops) {
    const [first, ...others] = placed.map((byDoc) => byDoc.get(doc));
    const sets = others.map((some) => new Set(some));
    const found = first.filter((place) => sets.every((set, i) => set.has(place + i + 1)));
    if (found[0] !== undefined) places.set(doc, found);
  }
  return { places, stops };
}
