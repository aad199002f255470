const FIRST_PAGE = 10;

/**
 * Load the cards of the first page of a word that stand beside each other, where their own chunks would be many
 * (browser/firsts.py). Which documents are shown is settled before.
 */
async function firsts(docs, { tokens, prefix }, { manifest, lists, json, beside }) {
  const { few, least, shards } = manifest.firsts;
  const far = docs.filter((doc) => doc >= manifest.cards[1][0]);
  if (prefix || tokens[1] || docs.length > FIRST_PAGE || far.length < few || docs.includes(null)) return;
  const postings = await lists.find(tokens[0]);
  if (postings.total < least || postings.name[0] === TERM_MARK) return;
  const [held, ...columns] = await json("b/" + Math.floor(postings.number / shards));
  held.forEach((doc, place) => beside.set(doc, [columns, place]));
}
