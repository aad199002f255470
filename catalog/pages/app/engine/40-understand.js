/**
 * What free words mean (catalog/search/understand.py): which name terms, which say nothing, which are looked for.
 * @typedef {{facet: string, id: string, number: number}} Term
 * @typedef {{words: Word[], terms: Term[], says: boolean, near: string[]}} Part
 * @typedef {{parts: Part[], whole: Word | null}} Unit
 */
const LONGEST_ALIAS = 8;
const LONGEST_NAME = 4;

const partOf = (words, terms = [], says = true, near = []) => ({ words, terms, says, near });
const unitOf = (parts, whole = null) => ({ parts, whole });

/** A part as typed, or as it is best spelt. */
function partText(part) {
  if (part.near.length) return part.near[0];
  return part.words.map((word) => (word.kind === "prefix" ? `${word.text}*` : word.text)).join(" ");
}

/** Free words as units. */
class Reading {
  /** @param {Unit[]} units */
  constructor(units) {
    this.units = units;
    const every = units.flatMap((unit) => unit.parts);
    const saying = every.filter((part) => part.says);
    /** @type {Part[]} */
    this.parts = saying.length ? saying : every;
    this.terms = this.parts.map((part) => part.terms).filter((terms) => terms.length);
  }

  get text() {
    return this.units.map((unit) => (unit.whole ? unit.whole.text : unit.parts.map(partText).join(" "))).join(" ");
  }

  get telling() {
    return this.parts.map(partText).join(" ");
  }

  get isAllTerms() {
    return this.units.length > 0 && this.parts.every((part) => part.terms.length);
  }

  without(part) {
    const kept = this.units.map((unit) => unitOf(unit.parts.filter((each) => each !== part)));
    return new Reading(kept.filter((unit) => unit.parts.length));
  }
}

/** Free words as nothing but words, each of which counts. */
const asTyped = (words) => new Reading(words.filter((word) => !word.negated).map((word) => unitOf([partOf([word])])));

/** Reads words with the spellings of terms that are known. */
class Understanding {
  /** @param {Characters} characters @param {any} language @param {Map<string, Term[]>} known */
  constructor(characters, language, known) {
    this.characters = characters;
    this.language = language;
    this.known = known;
  }

  norm(words) {
    return this.characters.nameNorm(words.map((word) => word.text).join(""));
  }

  read(words) {
    const units = [];
    let left = words.filter((word) => !word.negated);
    while (left.length) {
      let size = Math.min(LONGEST_NAME, left.length);
      while (size > 1 && !this.named(left.slice(0, size)).length) size--;
      units.push(...this.units(left.slice(0, size)));
      left = left.slice(size);
    }
    return new Reading(units);
  }

  /** The terms that neighbouring words name together. */
  named(words) {
    if (words.some((word) => word.kind !== "word")) return [];
    const licensed = words.length > 1 && this.language.licensed.includes(this.norm(words.slice(-1)));
    return this.termsOf(this.norm(licensed ? words.slice(0, -1) : words), licensed);
  }

  termsOf(norm, licensed = false) {
    const { stop, commercial } = this.language;
    if (stop.includes(norm)) return [];
    const known = (form) => this.known.get(form) || [];
    if (Object.hasOwn(commercial, norm) && !licensed) {
      return known(commercial[norm]).filter((term) => term.facet === "commercial");
    }
    for (const form of formsOf(norm)) {
      const meant = known(form).filter((term) => this.isMeant(form, term.facet, licensed));
      if (meant.length) return meant;
    }
    return [];
  }

  isMeant(norm, facet, licensed) {
    const { licenses, families, formats, loose, short } = this.language;
    if (facet === "license") return licensed || licenses.includes(norm) || families.some((each) => norm.startsWith(each));
    if (licensed || facet === "commercial") return false;
    if (facet === "format") return formats.includes(norm) || /.(format|格式)$/s.test(norm);
    return !loose.includes(norm) && ([...norm].length > 3 || !isAscii(norm) || short.includes(norm) || facet === "domain");
  }

  /** Every spelling that reading these words may ask for. */
  lookedUp(words) {
    const asked = [];
    for (let at = 0; at < words.length; at++) {
      for (let end = at + 1; end <= Math.min(words.length, at + LONGEST_NAME); end++) asked.push(this.norm(words.slice(at, end)));
    }
    for (const run of words.flatMap((word) => this.characters.runs(word.text))) {
      const letters = [...run];
      letters.forEach((_, at) => {
        for (let end = at + 1; end <= Math.min(letters.length, at + LONGEST_ALIAS); end++) asked.push(letters.slice(at, end).join(""));
      });
    }
    const { commercial } = this.language;
    const forms = asked.flatMap((norm) => [...formsOf(norm), Object.hasOwn(commercial, norm) ? commercial[norm] : ""]);
    return [...new Set(forms)].filter((norm) => norm);
  }

  units(words) {
    const found = this.named(words);
    const isWord = words[0].kind === "word";
    if (found.length || words.length > 1 || !isWord || !this.characters.runs(words[0].text).length) {
      const says = words.length > 1 || !isWord || !this.language.stop.includes(this.norm(words));
      return [unitOf([partOf(words, found, says)])];
    }
    return words[0].text.match(this.characters.piece).flatMap((piece) => {
      const word = wordOf(piece);
      if (this.characters.runs(piece).length) return [unitOf(this.cut(piece), word)];
      return this.characters.says(piece) ? this.units([word]) : [];
    });
  }

  piece(text) {
    return partOf([wordOf(text)], this.termsOf(text), !this.language.stop.includes(text));
  }

  /** A CJK run cut so that the fewest characters say nothing known, then into the fewest parts. */
  cut(run) {
    const letters = [...run];
    const best = [{ unknown: 0, count: 0, pieces: [] }];
    for (let end = 1; end <= letters.length; end++) {
      const before = best[end - 1];
      const last = before.pieces[before.pieces.length - 1];
      const isNew = !last || last.part;
      let way = { unknown: before.unknown + 1, count: before.count + (isNew ? 1 : 0), pieces: [...before.pieces, { at: end - 1, part: null }] };
      for (let start = Math.max(0, end - LONGEST_ALIAS); start < end; start++) {
        const part = this.piece(letters.slice(start, end).join(""));
        if (part.says && !(part.terms.length && end - start > 1)) continue;
        const { unknown, count, pieces } = best[start];
        if (unknown < way.unknown || (unknown === way.unknown && count + 1 < way.count)) {
          way = { unknown, count: count + 1, pieces: [...pieces, { at: start, part }] };
        }
      }
      best.push(way);
    }
    return this.filled(letters, best[letters.length].pieces);
  }

  /** The parts of a cut, the characters between known ones put together. */
  filled(letters, pieces) {
    const found = [];
    for (let i = 0; i < pieces.length; i++) {
      if (pieces[i].part) {
        found.push(pieces[i].part);
        continue;
      }
      const first = i;
      while (i + 1 < pieces.length && !pieces[i + 1].part) i++;
      const text = letters.slice(pieces[first].at, pieces[i].at + 1);
      const tongues = text.map((letter) => this.piece(letter));
      const isPair = text.length === 2 && tongues.every((part) => part.terms.some((term) => term.facet === "language"));
      if (isPair) found.push(...tongues);
      else found.push(partOf([wordOf(text.join(""))], [], text.length > 1 || pieces.length === 1));
    }
    return found;
  }
}

/** A folded spelling, and what it is in the other number. */
function formsOf(norm) {
  if (norm.length < 4 || !isAscii(norm)) return [norm];
  return norm.endsWith("s") ? [norm, norm.slice(0, -1)] : [norm, `${norm}s`];
}
