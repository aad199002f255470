/**
 * A query as a tree of what has to match (catalog/search/match.py). A leaf is a phrase of tokens, the last of which may
 * be a prefix; `naming` looks at name and title alone. What gives "" there gives null here.
 * @typedef {{kind: "leaf", tokens: string[], prefix: boolean, naming: boolean, list?: any}} Leaf
 * @typedef {Leaf | {kind: "and" | "or", of: Node[]} | {kind: "not", of: [Node, Node]} | {kind: "all"}} Node
 */
const ALL = { kind: "all" };
const COMMON = ["language", "modality", "license", "commercial"];

const leafOf = (tokens, prefix = false) => ({ kind: "leaf", tokens, prefix, naming: false });
const termLeaf = (number) => leafOf([TERM_MARK + number.toString(16)]);
const joinOf = (kind, nodes) => {
  const of = nodes.filter(Boolean).flatMap((node) => (node.kind === kind ? node.of : [node]));
  return of[1] ? { kind, of } : of[0] || null;
};
const bothOf = (nodes) => joinOf("and", nodes);
const eitherOf = (nodes) => joinOf("or", nodes);
const notOf = (yes, no) => (no ? { kind: "not", of: [yes, no] } : yes);

/** Builds trees; each function is named as in match.py. @param characters see `charactersOf` */
function matchOf({ runs, says, nameNorm, casefold, tokens, simple }) {
  const phrase = (text, prefix) => leafOf(tokens(text), prefix);
  const plain = (text, kind) => {
    if (kind === "prefix") return phrase(text, true);
    const joined = nameNorm(text);
    return eitherOf([phrase(text), kind === "word" && joined && joined !== casefold(text) && phrase(joined)]);
  };
  const ofRun = ([first, ...others]) => phrase(others.map((letter) => first + (first = letter)).join(" ") || first, !others[0]);
  const wordNode = ({ text, kind }) => {
    const found = runs(text);
    const rest = found.reduce((left, run) => left.replace(run, "\0"), text);
    return bothOf([...rest.split("\0").filter(says).map((piece) => plain(piece, kind)), ...found.map((run) => eitherOf([...new Set([run, simple(run)])].map(ofRun)))]);
  };
  const words = ({ words, near }) => {
    const each = words.map(wordNode);
    return near[0] ? eitherOf([...each, ...near.map((word) => phrase(word))]) : bothOf(each);
  };
  const terms = (part) => part.terms.map((term) => termLeaf(term.number));
  const whole = ({ units }) => {
    const silent = !units.some((unit) => unit.parts.some((part) => part.says));
    return units.map(({ parts, whole }) => {
      const joined = bothOf(parts.filter((part) => part.says || silent).map((part) => eitherOf([words(part), ...terms(part)])));
      return whole && parts[1] && joined ? eitherOf([wordNode(whole), joined]) : joined;
    });
  };
  const title = (parts) => {
    if (!parts[1] || parts.some((part) => runs(partText(part))[0])) return null;
    const found = bothOf(parts.map(words));
    return found && onNames(found);
  };

  return {
    whole,
    first(reading) {
      if (!reading.terms[0]) return [];
      const held = bothOf(reading.parts.map((part) => eitherOf(terms(part)) || words(part)));
      const isCommon = (part) => !part.says || part.terms.some((term) => COMMON.includes(term.facet));
      const telling = readingOf(reading.units.filter((unit) => !unit.parts.every(isCommon)));
      return [eitherOf([held, title(reading.parts)]), ...whole(telling)];
    },
    expression(query, filters, wanted, unwanted) {
      const any = Object.values(filters.wanted).map((numbers) => eitherOf(numbers.map(termLeaf)));
      const none = [...unwanted.map((term) => term.number), ...Object.values(filters.unwanted).flat()].map(termLeaf);
      return notOf(bothOf([...wanted, ...any]) || ALL, eitherOf([...query.words.filter((word) => word.negated).map(wordNode), ...none]));
    },
  };
}

/** The same tree over name and title alone. */
const onNames = (node) => (node.of ? { ...node, of: node.of.map(onNames) } : { ...node, naming: true });

/** The leaves of a tree. */
const leavesOf = (node) => (node.of ? node.of.flatMap(leavesOf) : node.kind === "leaf" ? [node] : []);
