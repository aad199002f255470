/**
 * What a leaf of a query matches: rising documents, all of them before `bound`; `total` of them in the whole index;
 * `stops`, where FTS5 looks though the columns that count may not hold the term; and the weighted frequency in a
 * document, 0 where those columns do not hold it. Phrases and prefixes are found by the script `more`, whole.
 */
const wholeList = (docs, weights, bound, stops = docs) => ({
  docs, stops, bound,
  total: docs.length,
  weight: (doc) => weights[indexOf(docs, doc)] || 0,
  upTo: () => 0,
});

/** The list of one token, known up to a bound. @param {Postings} postings */
function listOf(postings, isNaming, lists) {
  const list = {
    weight: (doc) => postings.kinds[indexOf(postings.docs, doc)][isNaming ? "naming" : "weight"],
    async upTo(doc) {
      if (!list.docs || list.bound < doc) await lists.upTo(postings, doc);
      const { docs, kinds, total, segments, naming } = postings;
      list.stops = docs;
      list.docs = isNaming ? docs.filter((_, i) => kinds[i].naming) : docs;
      list.bound = lists.boundOf(postings);
      list.total = !isNaming ? total : segments[0] ? naming : list.docs.length;
    },
  };
  return list;
}

/** Find what a leaf matches, and keep it at the leaf, known up to a document. @param {Leaf} leaf */
async function resolveLeaf(leaf, doc, lists) {
  if (!leaf.list) {
    const [token, other] = leaf.tokens;
    if (token && (other || leaf.prefix)) leaf.list = await rarely("found", leaf, lists);
    else {
      const found = token && (await lists.find(token));
      leaf.list = found ? listOf(found, leaf.naming, lists) : wholeList(NONE, [], lists.entries);
    }
  }
  await leaf.list.upTo(doc);
  return leaf;
}
