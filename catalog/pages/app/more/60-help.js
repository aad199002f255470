/** What is done where few or none are found: another spelling, a part left out, and what emptied the result. */
const MOST_PARTS = 6;
const compared = (one, other) => one.map((value, i) => value - other[i]).find((step) => step) || 0;

/** The page with other words, where these find more. */
async function helped(run, query, page) {
  const spelt = await bestSpelt(run, query, page);
  return spelt.plan.named[0] === undefined && (await run.isFew(query, spelt)) ? relaxed(run, query, spelt) : spelt;
}

/** The page of the likeliest spelling that finds anything, where that is more than the words as typed do. */
async function bestSpelt(run, query, page) {
  const { reading, filters, unwanted } = page.plan;
  for await (const other of readings(run, reading, page.total > 0)) {
    const plan = run.planned(query, filters, other, unwanted);
    if ((await matching(run, plan))[0] === undefined) continue;
    const again = await run.pageOf(query, await run.withNamed(query, plan, other.text));
    return (await run.sure(query, again)) > page.total ? { ...again, didYouMean: other.text } : page;
  }
  return page;
}

/** The page with what holds all parts of the words but one behind it, where that is more. */
async function relaxed(run, query, page) {
  const { match, earlier, reading, filters, unwanted } = page.plan;
  const { parts, units } = reading;
  const found = [];
  for (const part of parts[1] && parts.length <= MOST_PARTS ? parts : []) {
    const kept = units.map((unit) => unitOf(unit.parts.filter((each) => each !== part))).filter((unit) => unit.parts[0]);
    const other = run.planned(query, filters, readingOf(kept), unwanted);
    const count = Math.min(TIER, (await matching(run, other)).length);
    if (count <= page.total) continue;
    const isBinding = part.terms.some((term) => ["language", "commercial", "license"].includes(term.facet));
    found.push({ order: [+isBinding, +(count < FEW), count < FEW ? -count : count], part, other });
  }
  if (!found[0]) return page;
  const { other, part } = found.reduce((one, each) => (compared(each.order, one.order) < 0 ? each : one));
  const wider = { ...other, earlier: [...earlier, match, ...other.earlier], reading };
  const again = await run.pageOf(query, await run.withNamed(query, wider, reading.text));
  return { ...again, didYouMean: page.didYouMean, leftOut: partText(part) };
}

/** Each part of a query without which there would be hits, and how many (catalog/search/explain.py). */
async function emptiedBy(run, query) {
  const parts = partsOf(query, run.tools.language);
  if (query.offset || (!parts[1] && query.words[0])) return [];
  const totals = async (fieldsOf) => {
    const found = [];
    for (const part of parts) {
      const other = { ...query, ...fieldsOf(part) };
      found.push([part.name, (await resultOf(run, other, await run.prepare(other))).length]);
    }
    return found;
  };
  const found = (await totals((part) => part.without)).filter(([, count]) => count).sort((a, b) => b[1] - a[1]);
  if (found[0] || !parts[1]) return found;
  const nothing = { words: [], filters: {}, excluded: {}, ranges: {} };
  return (await totals((part) => ({ ...nothing, ...part.alone }))).filter(([, count]) => !count);
}

/** The parts of a query as they may be typed, with the fields of a query without each and of one of it alone. */
function partsOf(query, { ranges }) {
  const found = [];
  const part = (name, side, without, alone) => found.push({ name, without: { [side]: without }, alone: { [side]: alone } });
  for (const [side, flag] of [["filters", "--"], ["excluded", "--not-"]]) {
    for (const [facet, values] of Object.entries(query[side])) {
      part(`${flag}${facet === "language" ? "lang" : facet} ${values.join(",")}`, side, without(query[side], facet), { [facet]: values });
    }
  }
  for (const [column, span] of Object.entries(query.ranges)) {
    const flag = Object.keys(ranges).find((each) => ranges[each] === column);
    part(`--${flag} ${span.map((bound) => bound ?? "").join("..")}`, "ranges", without(query.ranges, column), { [column]: span });
  }
  const { words } = query;
  const isSame = (one, other) => one.text === other.text && one.kind === other.kind && one.negated === other.negated;
  if (words[0] && found[0]) part(`the words ${quoted(textOf(query))}`, "words", [], words);
  else if (words[1]) for (const word of words) part(`the word ${quoted(word.text)}`, "words", words.filter((each) => !isSame(each, word)), [word]);
  return found;
}

/** An object without one of its fields. */
function without(object, name) {
  const { [name]: _, ...others } = object;
  return others;
}
