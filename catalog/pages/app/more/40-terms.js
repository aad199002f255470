/** Terms of filters, and keys and ids as they are typed: what the command line finds, and says of what there is not. */

/** The number of a term; 0 for one that nothing has, null for one that is a mistake. */
async function numberOf(facet, value, { manifest, characters, language, termsSpelt }) {
  const shown = manifest.facets.find((each) => each.facet === facet)?.terms.find((each) => each.term === value);
  if (shown) return shown.n;
  const term = (await termsSpelt(characters.simple(characters.nameNorm(value)))).find((each) => each.facet === facet);
  return term ? term.number : language.closed.includes(facet) ? null : 0;
}

/** The terms of a query's filters; a value that names none becomes text, matches nothing, or is passed over. */
async function filtersOf(query, tools) {
  const found = { wanted: {}, unwanted: {}, text: [], notes: [] };
  for (const side of ["wanted", "unwanted"]) {
    for (const [facet, values] of Object.entries(query[side === "wanted" ? "filters" : "excluded"])) {
      const numbers = [];
      for (const value of new Set(values)) {
        const number = await numberOf(facet, value, tools);
        if (number !== null) numbers.push(number);
        if (number) continue;
        const said = await unknownTerm(facet, value, tools);
        if (number === 0) found.notes.push(said);
        else if (!query.loose.has(facet + ":" + value)) throw Object.assign(usage(said), { facet, value });
        else if (side === "unwanted") found.notes.push(said + " Nothing was excluded for it.");
        else {
          found.text.push(value);
          found.notes.push(said + " It was searched as text.");
        }
      }
      if (numbers[0] !== undefined) found[side][facet] = numbers;
    }
  }
  return found;
}

/** The documents that pass filters; `holds` tells whether one matches a tree. */
async function passing(docs, { wanted, unwanted }, holds) {
  const found = [];
  for (const doc of docs) {
    const held = (side) => Promise.all(Object.values(side).map((numbers) => holds(eitherOf(numbers.map(termLeaf)), doc)));
    if (!(await held(wanted)).includes(false) && !(await held(unwanted)).includes(true)) found.push(doc);
  }
  return found;
}

/** What is said of a filter's value that names no term. */
async function unknownTerm(facet, value, { characters, manifest, json }) {
  const shards = await Promise.all(manifest.aliases.map((_, place) => json("a/" + place)));
  const names = new Map();
  for (const [norm, ...rest] of shards.flat()) {
    rest.forEach((place, i) => i % 3 || manifest.order[place] !== facet || names.set(norm, rest[i + 1]));
  }
  const near = closeMatches(characters.nameNorm(value), [...names.keys()]);
  const guess = [...new Set(near.map((norm) => names.get(norm)))].join(" or ");
  return `no ${facet} ${quoted([...value].slice(0, 60).join(""))}` + (guess ? `; did you mean ${guess}?` : ".");
}

/** The three keys most like a word, the most like first (difflib.get_close_matches with a cut at 0.6). */
function closeMatches(word, keys) {
  const near = keys.map((key) => [likeness(key, word), key]).filter(([ratio]) => ratio >= 0.6);
  near.sort((a, b) => b[0] - a[0] || (isBefore(a[1], b[1]) ? 1 : -1));
  return near.slice(0, 3).map(([, key]) => key);
}

/** Twice the letters in matching blocks over all letters, after Ratcliff and Obershelp. */
function likeness(one, other) {
  const [a, b] = [[...one], [...other]];
  const matching = (aLow, aHigh, bLow, bHigh) => {
    let [bestA, bestB, size] = [aLow, bLow, 0];
    let lengths = [];
    for (let i = aLow; i < aHigh; i++) {
      const next = [];
      for (let j = bLow; j < bHigh; j++) {
        if (a[i] !== b[j]) continue;
        const length = (next[j] = (lengths[j - 1] || 0) + 1);
        if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
      }
      lengths = next;
    }
    return size && size + matching(aLow, bestA, bLow, bestB) + matching(bestA + size, aHigh, bestB + size, bHigh);
  };
  return a.length + b.length ? (2 * matching(0, a.length, 0, b.length)) / (a.length + b.length) : 1;
}

/** The documents that a key, an id or a place means, the surest first. */
async function resolved(text, ways, docs, tools) {
  const { characters, card } = tools;
  const asked = trimmed(text);
  const folded = characters.casefold(asked);
  const bare = (key) => key.slice(key.indexOf(":") + 1);
  const found = [];
  for (const doc of docs) {
    const key = characters.casefold((await card(doc))[0]);
    const texts = (...kinds) => ways.filter((way) => way.doc === doc && way.text && kinds.includes(way.kind)).map((way) => way.text);
    if (folded === key) found.push([0, doc]);
    else if (folded === bare(key) || texts(2, 3).includes(folded)) found.push([1, doc]);
    else if (texts(4).some((each) => each === folded || bare(each) === folded)) found.push([2, doc]);
  }
  if (docs[0] === undefined && asked.includes(":")) {
    const doc = await docOf(asked, tools);
    if (doc !== null) found.push([0, doc]);
  }
  return found.sort((a, b) => a[0] - b[0]).map(([, doc]) => doc);
}
