/**
 * Which documents a tree matches, and their scores as FTS5 gives them.
 * The table of the registry keeps no column sizes, so bm25 counts every document as minus one token a column.
 */
const K1 = 1.2;
const B = 0.75;
const NO_SIZE = -6;
const POPULARITY = 0.1;

/** The documents that match and are before the bound of the tree, rising. @param {Node} node @param {Lists} lists */
function docsOf(node, lists) {
  switch (node.kind) {
    case "leaf":
      return node.list.docs;
    case "all":
      return (lists.every = lists.every || Int32Array.from({ length: lists.entries }, (_, doc) => doc));
    case "not":
      return less(docsOf(node.yes, lists), docsOf(node.no, lists));
    case "or":
      return node.of.map((each) => docsOf(each, lists)).reduce(united);
    case "and": {
      const found = node.of.map((each) => docsOf(each, lists));
      return found.sort((a, b) => a.length - b.length).reduce(met);
    }
    default:
      return new Int32Array(0);
  }
}

/** The first document of which it is not known whether it matches. */
function boundOf(leaves, entries) {
  return leaves.reduce((bound, leaf) => Math.min(bound, leaf.list.bound), entries);
}

/** The part of rising documents that is before a bound. */
function before(docs, bound) {
  if (!docs.length || docs[docs.length - 1] < bound) return docs;
  let low = 0;
  let high = docs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (docs[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return docs.subarray(0, low);
}

/** Scores documents that a tree matches, the lowest the best. */
class Scores {
  /** @param {Node} node @param {any} manifest */
  constructor(node, manifest) {
    this.node = node;
    this.levels = manifest.levels;
    this.size = K1 * (1 - B + (B * NO_SIZE) / manifest.length);
    this.rarity = new Map();
    for (const leaf of leavesOf(node, true)) {
      const { total } = leaf.list;
      const rarity = Math.log((manifest.entries - total + 0.5) / (total + 0.5));
      this.rarity.set(leaf, rarity > 0 ? rarity : 1e-6);
    }
  }

  of(doc) {
    const found = [];
    this.gather(this.node, doc, found);
    let score = 0;
    for (const [leaf, weight] of found) score += this.rarity.get(leaf) * ((weight * (K1 + 1)) / (weight + this.size));
    return -score + POPULARITY * this.step(doc);
  }

  /** Gather the leaves that count in a document; false where the node does not match it. */
  gather(node, doc, found) {
    const size = found.length;
    let matches = node.kind === "all";
    if (node.kind === "leaf") {
      matches = indexOf(node.list.docs, doc) >= 0;
      if (matches) found.push([node, node.list.weight(doc)]);
    } else if (node.kind === "not") {
      matches = this.gather(node.yes, doc, found) && !this.gather(node.no, doc, []);
    } else if (node.kind === "or") {
      for (const each of node.of) if (this.gather(each, doc, found)) matches = true;
    } else if (node.kind === "and") {
      matches = node.of.every((each) => this.gather(each, doc, found));
    }
    if (!matches) found.length = size;
    return matches;
  }

  /** The popularity step of a document: 0 for the most popular. */
  step(doc) {
    const { levels } = this;
    let low = 0;
    let high = levels.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (levels[middle][1] > doc) high = middle;
      else low = middle;
    }
    return levels[low][0];
  }
}
