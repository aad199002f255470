/** What Chinese, Japanese and Korean need: the table of all characters, and words cut where no space stands. */

/** What characters beyond ASCII are; `plain` takes out of a text what the index has not, `folds` become several. */
function tableOf({ classes, runs, tags, folds, han }) {
  const starts = [];
  const kinds = [];
  for (let [list, at] of [[runs, 0x80], [tags, 0xe0000]]) {
    list.forEach((value, i) => {
      if (i % 2) kinds.push(classes[value]);
      else starts.push((at += value) - value);
    });
    starts.push(at);
    kinds.push([0, 0, 0, 0]); // what is not assigned is part of a token
  }
  const kind = (code) => kinds[firstOf(starts.length, (i) => starts[i] > code) - 1];
  const plain = (text) => {
    let found = "";
    let known = "";
    for (const character of text.replace(/[\ud800-\udfff]/gu, "?")) {
      if (character < "\x80" || kind(character.codePointAt(0))[3]) known += character;
      else {
        found += known.normalize("NFKC") + character;
        known = "";
      }
    }
    return (found + known.normalize("NFKC")).replace(/[\ue000-\uf8ff\u{f0000}-\u{10ffff}]/gu, " ");
  };
  return { kind, plain, folds, han };
}

/** A word with CJK in it as units; `piece` makes a part of letters, `unitsOf` units of words. */
function cutUnits(text, { piece: pieces, runs, says }, piece, unitsOf) {
  return text.match(pieces).flatMap((each) => {
    if (runs(each)[0]) return [unitOf(cut([...each], piece), wordOf(each))];
    return says(each) ? unitsOf([wordOf(each)]) : [];
  });
}

/** A CJK run cut so that the fewest characters say nothing known, then into the fewest parts; `piece` makes one. */
function cut(letters, piece) {
  const best = [{ unknown: 0, count: 0, pieces: [] }];
  letters.forEach((_, at) => {
    const { unknown, count, pieces } = best[at];
    let way = { unknown: unknown + 1, count: count + !(pieces[0] && !pieces.at(-1).part), pieces: [...pieces, { at }] };
    for (let start = Math.max(0, at + 1 - LONGEST_ALIAS); start <= at; start++) {
      const part = piece(letters.slice(start, at + 1).join(""));
      const { unknown, count, pieces } = best[start];
      if (part.says && !(part.terms[0] && start < at)) continue;
      if (unknown < way.unknown || (unknown === way.unknown && count + 1 < way.count)) {
        way = { unknown, count: count + 1, pieces: [...pieces, { at: start, part }] };
      }
    }
    best.push(way);
  });
  return filled(letters, best.pop().pieces, piece);
}

/** The parts of a cut, the characters between known ones put together. */
function filled(letters, pieces, piece) {
  const found = [];
  for (let i = 0; i < pieces.length; i++) {
    const { at, part } = pieces[i];
    if (part) {
      found.push(part);
      continue;
    }
    while (pieces[i + 1] && !pieces[i + 1].part) i++;
    const text = letters.slice(at, pieces[i].at + 1);
    const tongues = text.map(piece);
    const isPair = text.length === 2 && tongues.every((each) => each.terms.some((term) => term.facet === "language"));
    if (isPair) found.push(...tongues);
    else found.push(partOf([wordOf(text.join(""))], [], !!text[1] || !pieces[1]));
  }
  return found;
}
