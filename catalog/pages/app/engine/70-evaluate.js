/**
 * Which documents a tree matches, and their scores as FTS5 gives them.
 * The table of the registry keeps no column sizes, so bm25 counts every document as minus one token a column.
 */
const K1 = 1.2;
const B = 0.75;
const NO_SIZE = -6;
const POPULARITY = 0.1;
const EVERY = {};

/** The documents that match and are before the bound of the tree, rising. @param {Node} node @param {number} entries */
function docsOf({ kind, list, of }, entries) {
  if (kind === "leaf") return list.docs;
  if (kind === "all") return (EVERY[entries] ||= Int32Array.from({ length: entries }, (_, doc) => doc));
  const found = of.map((each) => docsOf(each, entries));
  if (kind === "and") found.sort((a, b) => a.length - b.length);
  return found.reduce({ and: met, or: united, not: less }[kind]);
}

/**
 * One node of FTS5's own walk over the documents, from the first to the last (fts5_expr.c).
 * Which documents match is plain; but where a part of a query stood on a document in vain, FTS5 forgets what leaves of
 * that part have found further on, and scores without them. For the same order of hits, this walks as it does.
 */
function stepOf(node, entries, leaves, isRoot) {
  const { kind, list, of = [] } = node;
  const kids = of.map((each) => stepOf(each, entries, leaves));
  const stops = of[0] ? null : list ? list.stops : docsOf(node, entries);
  const [yes, no] = kids;
  let at = 0;
  const me = {
    list, row: yes?.row, ended: false, vain: false, live: false,
    /** Go to the next document, or to the first that is not before `from`. */
    next(from = -1) {
      const { row } = me;
      if (stops) {
        at++;
        while (stops[at] < from) at++;
      } else if (kind === "or") {
        for (const kid of kids) if (!kid.ended && (kid.row === row || kid.row < from)) kid.next(from);
      } else yes.next(from);
      test();
    },
    end() {
      me.ended = true;
      me.vain = false;
      for (const kid of kids) kid.end();
    },
    mute() {
      me.live = false;
      for (const kid of kids) kid.mute();
    },
  };
  const take = ({ row, ended, vain }) => Object.assign(me, { row, ended, vain });

  const test = () => {
    if (stops) {
      me.ended = at >= stops.length;
      if (me.ended) return;
      me.row = stops[at];
      me.live = list?.weight(me.row) > 0;
      me.vain = list && !me.live;
    } else if (me.ended) return;
    else if (kind === "and") together();
    else if (kind === "or") take(kids.reduce((one, kid) => (isAhead(one, kid) || (one.row === kid.row && !kid.ended && !kid.vain) ? kid : one)));
    else {
      while (!yes.ended) {
        if (isAhead(yes, no)) no.next(yes.row);
        if (no.ended || no.row !== yes.row || no.vain) break;
        yes.next();
      }
      take(yes);
      if (yes.ended) no.mute();
    }
  };

  const together = () => {
    let last = me.row;
    for (let apart = true; apart; ) {
      apart = me.vain = false;
      for (const kid of kids) {
        if (kid.row < last) kid.next(last);
        if (kid.ended) return me.end();
        apart ||= kid.row !== last;
        last = kid.row;
        me.vain ||= kid.vain;
      }
    }
    if (me.vain && !isRoot) me.mute();
    me.row = last;
  };

  if (list) leaves.push(me);
  if (kind === "not") me.ended = yes.ended;
  else if (of[0] && kids[kind === "and" ? "some" : "every"]((kid) => kid.ended)) me.end();
  test();
  return me;
}

/** Whether one stands behind another. */
const isAhead = (one, other) => !other.ended && (one.ended || one.row > other.row);

/** Documents that a tree matches, in the order of their scores, the best first. @param {Int32Array} docs */
function byScore(node, docs, { entries, levels, length }) {
  const leaves = [];
  const root = stepOf(node, entries, leaves, true);
  const size = K1 * (1 - B + (B * NO_SIZE) / length);
  for (const leaf of leaves) {
    const { total } = leaf.list;
    leaf.rarity = Math.log((entries - total + 0.5) / (total + 0.5));
    if (!(leaf.rarity > 0)) leaf.rarity = 1e-6;
  }
  const scored = Array.from(docs, (doc) => {
    while (!root.ended && (root.vain || root.row < doc)) root.next();
    let score = 0;
    for (const { live, ended, row, list, rarity } of leaves) {
      if (!live || ended || row !== doc) continue;
      const weight = list.weight(doc);
      score += rarity * ((weight * (K1 + 1)) / (weight + size));
    }
    const level = levels[firstOf(levels.length, (i) => levels[i][1] > doc) - 1][0];
    return [-score + POPULARITY * level, doc];
  });
  return scored.sort(byFirst).map(([, doc]) => doc);
}
