/**
 * What free words mean (catalog/search/understand.py): which name terms, which say nothing, which are looked for.
 * @typedef {{facet: string, id: string, number: number}} Term
 * @typedef {{words: Word[], terms: Term[], says: boolean, near: string[]}} Part
 * @typedef {{parts: Part[], whole: Word | null}} Unit
 * @typedef {{units: Unit[], parts: Part[], terms: Term[][], text: string, telling: string}} Reading
 */
const LONGEST_ALIAS = 8;
const LONGEST_NAME = 4;

const partOf = (words, terms = [], says = true, near = []) => ({ words, terms, says, near });
const unitOf = (parts, whole = null) => ({ parts, whole });

/** A part as typed, or as it is best spelt. */
const partText = ({ near, words }) => near[0] || words.map(({ kind, text }) => text + (kind === "prefix" ? "*" : "")).join(" ");
const textOfParts = (parts) => parts.map(partText).join(" ");

/** Free words as units. @returns {Reading} */
function readingOf(units) {
  const every = units.flatMap((unit) => unit.parts);
  const saying = every.filter((part) => part.says);
  const parts = saying[0] ? saying : every;
  return {
    units, parts,
    terms: parts.map((part) => part.terms).filter((terms) => terms[0]),
    text: units.map((unit) => unit.whole?.text ?? textOfParts(unit.parts)).join(" "),
    telling: textOfParts(parts),
  };
}

const positive = (words) => words.filter((word) => !word.negated);

/** Free words as nothing but words, each of which counts. */
const asTyped = (words) => readingOf(positive(words).map((word) => unitOf([partOf([word])])));

/** A folded spelling, and what it is in the other number. */
const formsOf = (norm) => (norm.length < 4 || !isAscii(norm) ? [norm] : [norm, norm.endsWith("s") ? norm.slice(0, -1) : norm + "s"]);

/** Reads words with the spellings of terms that are known; `spellings` finds those for what it is asked.
 * @param {(norms: string[]) => Promise<Map<string, Term[]>>} spellings */
async function readerOf(asked, { characters, language, spellings }) {
  const { stop, commercial, licenses, families, formats, loose, short, licensed } = language;
  const normOf = (words) => characters.simple(characters.nameNorm(words.map((word) => word.text).join("")));
  const isStop = (norm) => stop.includes(norm);

  /** Every spelling that reading the words may ask for. */
  const lookedUp = () => {
    const runs = asked.flatMap((word) => characters.runs(characters.simple(word.text)).map((run) => [...run]));
    const norms = [...slices(asked, LONGEST_NAME).map(normOf), ...runs.flatMap((run) => slices(run, LONGEST_ALIAS).map((letters) => letters.join("")))];
    return [...new Set(norms.flatMap((norm) => [...formsOf(norm), own(commercial, norm)]))].filter(Boolean);
  };
  const known = await spellings(lookedUp());

  const isMeant = (norm, facet, isLicense) => {
    if (facet === "license") return isLicense || licenses.includes(norm) || families.some((each) => norm.startsWith(each));
    if (isLicense || facet === "commercial") return false;
    if (facet === "format") return formats.includes(norm) || /.(format|格式)$/s.test(norm);
    return !loose.includes(norm) && ([...norm][3] || !isAscii(norm) || short.includes(norm) || facet === "domain");
  };
  const termsOf = (norm, isLicense) => {
    if (isStop(norm)) return [];
    const verdict = !isLicense && own(commercial, norm);
    if (verdict) return (known.get(verdict) || []).filter((term) => term.facet === "commercial");
    for (const form of formsOf(norm)) {
      const meant = (known.get(form) || []).filter((term) => isMeant(form, term.facet, isLicense));
      if (meant[0]) return meant;
    }
    return [];
  };

  /** The terms that neighbouring words name together. */
  const named = (words) => {
    if (words.some((word) => word.kind !== "word")) return [];
    const isLicense = words[1] && licensed.includes(normOf(words.slice(-1)));
    return termsOf(normOf(isLicense ? words.slice(0, -1) : words), isLicense);
  };

  const unitsOf = (words) => {
    const found = named(words);
    const [{ kind, text }] = words;
    const isOne = !words[1] && kind === "word";
    if (found[0] || !isOne || !characters.runs(text)[0]) return [unitOf([partOf(words, found, !isOne || !isStop(normOf(words)))])];
    const piece = (letters) => partOf([wordOf(letters)], termsOf(characters.simple(letters)), !isStop(characters.simple(letters)));
    return Catalog.more.cutUnits(text, characters, piece, unitsOf);
  };

  return {
    named,
    /** @returns {Reading} */
    read(words) {
      const units = [];
      for (let left = positive(words); left[0]; ) {
        let size = Math.min(LONGEST_NAME, left.length);
        while (size > 1 && !named(left.slice(0, size))[0]) size--;
        units.push(...unitsOf(left.splice(0, size)));
      }
      return readingOf(units);
    },
  };
}

/** All runs of neighbours in a list, none longer than `most`. */
const slices = (list, most) => list.flatMap((_, at) => list.slice(at, at + most).map((_, size) => list.slice(at, at + size + 1)));
