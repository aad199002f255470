/**
 * A query as a tree of what has to match (catalog/search/match.py). A leaf is a phrase of tokens, the last of which may
 * be a prefix; `naming` looks at name and title alone.
 * @typedef {{kind: "leaf", tokens: string[], prefix: boolean, naming: boolean, list?: any}} Leaf
 * @typedef {Leaf | {kind: "and" | "or", of: Node[]} | {kind: "not", yes: Node, no: Node} | {kind: "all"} | {kind: "none"}} Node
 */
const ALL = { kind: "all" };
const COMMON = ["language", "modality", "license", "commercial"];

const leafOf = (tokens, prefix = false) => (tokens.length ? { kind: "leaf", tokens, prefix, naming: false } : { kind: "none" });
const termLeaf = (number) => leafOf([TERM_MARK + number.toString(16)]);
const joinOf = (kind, nodes) => {
  const of = nodes.filter((node) => node).flatMap((node) => (node.kind === kind ? node.of : [node]));
  return of.length > 1 ? { kind, of } : of[0] || null;
};
const bothOf = (nodes) => joinOf("and", nodes);
const eitherOf = (nodes) => joinOf("or", nodes);
const notOf = (yes, no) => (no ? { kind: "not", yes, no } : yes);

/** Builds trees; each method is named as in match.py, and gives null where that gives "". */
class Match {
  /** @param {Characters} characters */
  constructor(characters) {
    this.characters = characters;
  }

  expression(query, filters, positive, unwanted) {
    const terms = (side) => Object.values(side);
    const wanted = [...positive, ...terms(filters.wanted).map((numbers) => eitherOf(numbers.map(termLeaf)))];
    const negative = [
      ...query.words.filter((word) => word.negated).map((word) => this.word(word)),
      ...unwanted.map((term) => termLeaf(term.number)),
      ...terms(filters.unwanted).flat().map(termLeaf),
    ];
    return notOf(bothOf(wanted) || ALL, eitherOf(negative));
  }

  whole(reading) {
    const silent = !reading.units.some((unit) => unit.parts.some((part) => part.says));
    return reading.units.map((unit) => this.unit(unit, silent)).filter((node) => node);
  }

  first(reading) {
    if (!reading.terms.length) return [];
    const held = bothOf(reading.parts.map((part) => (part.terms.length ? eitherOf(this.terms(part)) : this.words(part))));
    const isCommon = (part) => !part.says || part.terms.some((term) => COMMON.includes(term.facet));
    const telling = new Reading(reading.units.filter((unit) => !unit.parts.every(isCommon)));
    return [eitherOf([held, this.title(reading.parts)]), ...this.whole(telling)];
  }

  title(parts) {
    if (parts.length < 2 || parts.some((part) => this.characters.runs(partText(part)).length)) return null;
    const found = bothOf(parts.map((part) => this.words(part)));
    return found && naming(found);
  }

  unit(unit, silent) {
    const saying = unit.parts.filter((part) => part.says || silent);
    const joined = bothOf(saying.map((part) => eitherOf([this.words(part), ...this.terms(part)])));
    if (!unit.whole || unit.parts.length === 1 || !joined) return joined;
    return eitherOf([this.word(unit.whole), joined]);
  }

  terms(part) {
    return part.terms.map((term) => termLeaf(term.number));
  }

  words(part) {
    const each = part.words.map((word) => this.word(word));
    return part.near.length ? eitherOf([...each, ...part.near.map((word) => this.phrase(word))]) : bothOf(each);
  }

  word(word) {
    const runs = this.characters.runs(word.text);
    let rest = word.text;
    for (const run of runs) rest = rest.replace(run, "\0");
    const pieces = rest.split("\0").filter((piece) => this.characters.says(piece));
    return bothOf([...pieces.map((piece) => this.plain(piece, word.kind)), ...runs.map((run) => this.run(run))]);
  }

  plain(text, kind) {
    if (kind === "prefix") return this.phrase(text, true);
    const joined = this.characters.nameNorm(text);
    const isCompound = kind === "word" && joined && joined !== this.characters.casefold(text);
    return isCompound ? eitherOf([this.phrase(text), this.phrase(joined)]) : this.phrase(text);
  }

  run(run) {
    const letters = [...run];
    if (letters.length === 1) return this.phrase(run, true);
    return this.phrase(letters.slice(1).map((letter, i) => letters[i] + letter).join(" "));
  }

  phrase(text, prefix = false) {
    return leafOf(this.characters.tokens(text), prefix);
  }
}

/** The same tree over name and title alone. */
function naming(node) {
  if (node.kind === "leaf") return { ...node, naming: true };
  return node.of ? { ...node, of: node.of.map(naming) } : node;
}

/** The leaves of a tree, in the order in which they were written; without those of what is excluded where `yes`. */
function leavesOf(node, yes = false) {
  if (node.kind === "leaf") return [node];
  if (node.kind === "not") return [...leavesOf(node.yes, yes), ...(yes ? [] : leavesOf(node.no, yes))];
  return (node.of || []).flatMap((each) => leavesOf(each, yes));
}
