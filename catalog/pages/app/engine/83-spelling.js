/** Other readings of words that find (almost) nothing, the likeliest first (catalog/search/suggest.py). */
const RARE = 3;
const KEPT = 5;
const MIN_WORD = 4;

/** @param {Planner} planner @param {Reading} reading @param {boolean} found whether the words as typed find anything */
async function* readings(planner, reading, found) {
  const { characters } = planner;
  const joined = characters.nameNorm(reading.parts.map(partText).join(""));
  const isCompound = reading.parts.length > 1 && joined !== "" && isAscii(joined);
  if (isCompound) yield new Reading([unitOf([partOf([wordOf(joined)])])]);
  const units = await Promise.all(reading.units.map((unit) => respeltUnit(planner, unit)));
  if (units.some((unit) => unit.parts.some((part) => part.near.length))) yield new Reading(units);
  const near = isCompound ? await neighbours(planner, joined) : [];
  if (near.length) yield new Reading([unitOf([partOf([wordOf(joined)], [], true, near)])]);
  if (!found) yield* prefixed(reading);
}

/** The last word as the beginning of a longer one. */
function* prefixed(reading) {
  const others = reading.units.slice(0, -1);
  const last = reading.units[reading.units.length - 1];
  const { words } = last.parts[last.parts.length - 1];
  const word = words[words.length - 1];
  if (last.parts.length > 1 || word.kind !== "word" || word.text.length < MIN_WORD || !isAscii(word.text)) return;
  yield new Reading([...others, unitOf([partOf([...words.slice(0, -1), wordOf(word.text, "prefix")])])]);
}

async function respeltUnit(planner, unit) {
  const [part] = unit.parts;
  if (unit.parts.length > 1 || part.words.length > 1 || part.terms.length || part.words[0].kind !== "word") return unit;
  const { text } = part.words[0];
  const pieces = piecesOf(text, planner.characters);
  const near = await neighbours(planner, text);
  if (near.length || pieces.length < 2) {
    const reader = near.length ? await planner.understanding([wordOf(near[0])]) : null;
    return unitOf([{ ...part, near, terms: reader ? reader.named([wordOf(near[0])]) : [] }]);
  }
  return unitOf(await Promise.all(pieces.map(async (piece) => partOf([wordOf(piece)], [], true, await neighbours(planner, piece)))));
}

/** Letters and digits that stand together. */
function piecesOf(text, characters) {
  const spaced = [...text].map((character) => (characters.isAlnum(character) ? character : " ")).join("");
  return spaced.split(" ").filter((piece) => piece);
}

/** The words of names and titles that a rare word may mean, nearest and most common first. */
async function neighbours(planner, text) {
  const word = planner.characters.nameNorm(text);
  if (word.length < MIN_WORD || !isAscii(word)) return [];
  const list = await planner.lists.find(word, planner.signal);
  if (list && list.total > RARE) return [];
  const near = [];
  for (const [other, total] of await planner.lookUps.sharing(word, planner.signal)) {
    const far = other === word ? 3 : distance(word, other);
    if (far <= 2) near.push([far, -total, other]);
  }
  near.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (isBefore(a[2], b[2]) ? -1 : 1));
  return near.slice(0, KEPT).map(([, , other]) => other);
}
