/** Other readings of words that find (almost) nothing, the likeliest first (catalog/search/suggest.py). */
const RARE = 3;
const KEPT = 5;
const MIN_WORD = 4;

/** @param run see `runOf` @param {Reading} reading @param {boolean} found whether the words as typed find anything */
async function* readings(run, reading, found) {
  const joined = run.tools.characters.nameNorm(textOfParts(reading.parts));
  const isCompound = reading.parts[1] && joined !== "" && isAscii(joined);
  const compound = (near) => readingOf([unitOf([partOf([wordOf(joined)], [], true, near)])]);
  if (isCompound) yield compound();
  const units = await Promise.all(reading.units.map((unit) => respelt(run, unit)));
  if (units.some((unit) => unit.parts.some((part) => part.near[0]))) yield readingOf(units);
  const near = isCompound ? await neighbours(run, joined) : [];
  if (near[0]) yield compound(near);
  if (found) return;
  // The last word as the beginning of a longer one.
  const { parts } = reading.units.at(-1);
  const { words } = parts.at(-1);
  const { kind, text } = words.at(-1);
  if (parts[1] || kind !== "word" || text.length < MIN_WORD || !isAscii(text)) return;
  yield readingOf([...reading.units.slice(0, -1), unitOf([partOf([...words.slice(0, -1), wordOf(text, "prefix")])])]);
}

async function respelt(run, unit) {
  const [part] = unit.parts;
  const [{ text, kind }] = part.words;
  if (unit.parts[1] || part.words[1] || part.terms[0] || kind !== "word") return unit;
  // Letters and digits that stand together.
  const pieces = [...text].map((character) => (run.tools.characters.isAlnum(character) ? character : " ")).join("").split(" ").filter(Boolean);
  const near = await neighbours(run, text);
  if (near[0] || !pieces[1]) {
    const word = near[0] && wordOf(near[0]);
    return unitOf([{ ...part, near, terms: word ? (await run.understanding([word])).named([word]) : [] }]);
  }
  return unitOf(await Promise.all(pieces.map(async (piece) => partOf([wordOf(piece)], [], true, await neighbours(run, piece)))));
}

/** The words of names and titles that a rare word may mean, nearest and most common first. */
async function neighbours({ tools }, text) {
  const word = tools.characters.nameNorm(text);
  if (word.length < MIN_WORD || !isAscii(word)) return [];
  const list = await tools.lists.find(word);
  if (list && list.total > RARE) return [];
  const near = [];
  for (const [other, total] of await sharing(word, tools)) {
    const far = other === word ? 3 : distance(word, other);
    if (far <= 2) near.push([far, -total, other]);
  }
  near.sort((a, b) => byFirst(a, b) || (isBefore(a[2], b[2]) ? -1 : 1));
  return near.slice(0, KEPT).map(([, , other]) => other);
}

/** Words that share a form with a word, each with how many datasets hold it. @returns {Promise<Map<string, number>>} */
async function sharing(word, { json, line }) {
  const head = word.slice(0, 8);
  const forms = new Set([head, ...[...head].map((_, i) => head.slice(0, i) + head.slice(i + 1))]);
  const first = await json("w/first");
  const lines = await Promise.all([...forms].map((form) => line("w", first, form)));
  const found = new Map();
  for (const each of lines) for (let i = 0; i < each.length; i += 2) found.set(each[i], each[i + 1]);
  return found;
}

/** The optimal string alignment distance. */
function distance(a, b) {
  let before = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + +(a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2] + 1);
      current.push(cost);
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length];
}
