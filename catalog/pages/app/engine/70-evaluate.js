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

/**
 * One node of FTS5's own walk over the documents, from the first to the last (fts5_expr.c).
 * Which documents match is plain; but where a part of a query stood on a document in vain, FTS5 forgets what leaves of
 * that part have found further on, and scores without them. For the same order of hits, this walks as it does.
 */
class Step {
  /** @param {Node} node @param {Lists} lists */
  constructor(node, lists) {
    this.kind = node.kind;
    this.node = node;
    this.kids = (node.of || (node.kind === "not" ? [node.yes, node.no] : [])).map((each) => new Step(each, lists));
    this.stops = this.kids.length ? [] : node.kind === "leaf" ? node.list.stops || node.list.docs : docsOf(node, lists);
    this.at = this.row = 0;
    this.ended = this.vain = this.live = false;
  }

  first() {
    for (const kid of this.kids) kid.first();
    const ended = this.kids.filter((kid) => kid.ended).length;
    if (!this.kids.length) this.ended = !this.stops.length;
    else if (this.kind === "not") this.ended = this.kids[0].ended;
    else if (this.kind === "and" ? ended : ended === this.kids.length) this.end();
    if (this.kids.length) this.row = this.kids[0].row;
    if (!this.ended) this.test();
  }

  /** Go to the next document, or to the first that is not before `from`. */
  next(from = -1) {
    if (!this.kids.length) {
      this.at++;
      if (from >= 0) while (this.at < this.stops.length && this.stops[this.at] < from) this.at++;
      this.ended = this.at >= this.stops.length;
    } else if (this.kind === "or") {
      const { row } = this;
      for (const kid of this.kids) if (!kid.ended && (kid.row === row || kid.row < from)) kid.next(from);
    } else this.kids[0].next(from);
    if (!this.ended) this.test();
  }

  test() {
    if (!this.kids.length) {
      this.row = this.stops[this.at];
      this.live = this.node.kind === "leaf" && this.node.list.weight(this.row) > 0;
      this.vain = this.node.kind === "leaf" && !this.live;
    } else if (this.kind === "and") this.testAnd();
    else if (this.kind === "or") {
      const best = this.kids.reduce((one, kid) => (isAhead(one, kid) || (one.row === kid.row && !kid.ended && !kid.vain) ? kid : one));
      ({ row: this.row, ended: this.ended, vain: this.vain } = best);
    } else this.testNot();
  }

  testAnd() {
    let last = this.row;
    let together = false;
    while (!together) {
      together = true;
      this.vain = false;
      for (const kid of this.kids) {
        if (kid.row < last) kid.next(last);
        if (kid.ended) return this.end();
        if (kid.row !== last) {
          together = false;
          last = kid.row;
        }
        this.vain = this.vain || kid.vain;
      }
    }
    if (this.vain && !this.isRoot) this.mute();
    this.row = last;
  }

  testNot() {
    const [yes, no] = this.kids;
    while (!yes.ended) {
      if (isAhead(yes, no)) no.next(yes.row);
      if (no.ended || no.row !== yes.row || no.vain) break;
      yes.next();
    }
    ({ row: this.row, ended: this.ended, vain: this.vain } = yes);
    if (yes.ended) no.mute();
  }

  end() {
    this.ended = true;
    this.vain = false;
    for (const kid of this.kids) kid.end();
  }

  mute() {
    this.live = false;
    for (const kid of this.kids) kid.mute();
  }
}

/** Whether one stands behind another. */
const isAhead = (one, other) => !other.ended && (one.ended || one.row > other.row);

/** Scores documents that a tree matches, the lowest the best. */
class Scores {
  /** @param {Node} node @param {Lists} lists @param {any} manifest */
  constructor(node, lists, manifest) {
    this.levels = manifest.levels;
    this.size = K1 * (1 - B + (B * NO_SIZE) / manifest.length);
    this.root = new Step(node, lists);
    this.root.isRoot = true;
    this.root.first();
    const leaves = [];
    const gather = (step) => (step.kind === "leaf" ? leaves.push(step) : step.kids.forEach(gather));
    gather(this.root);
    this.leaves = leaves.map((step) => {
      const { total } = step.node.list;
      const rarity = Math.log((manifest.entries - total + 0.5) / (total + 0.5));
      return { step, rarity: rarity > 0 ? rarity : 1e-6 };
    });
  }

  /** The score of a document; ask for them in rising order. */
  of(doc) {
    const { root } = this;
    while (!root.ended && (root.vain || root.row < doc)) root.next();
    let score = 0;
    for (const { step, rarity } of this.leaves) {
      if (!step.live || step.ended || step.row !== doc) continue;
      const weight = step.node.list.weight(doc);
      score += rarity * ((weight * (K1 + 1)) / (weight + this.size));
    }
    return -score + POPULARITY * this.level(doc);
  }

  /** The popularity step of a document: 0 for the most popular. */
  level(doc) {
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
