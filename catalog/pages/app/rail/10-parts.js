// Parts of a view: what changes when one is set or taken away, and how it is said.

const COLUMNS = { size: "bytes", updated: "modified" };

/** What changes when a term stands on one side ("filters", "excluded"), or without a side on none. */
function withTerm(view, facet, term, side) {
  const change = {};
  for (const each of ["filters", "excluded"]) {
    const kept = (view[each][facet] || []).filter((other) => other !== term);
    if (each === side) kept.push(term);
    change[each] = without(view[each], facet);
    if (kept[0]) change[each][facet] = kept;
  }
  return change;
}

/** A part of a view that the engine names as the command line does: `--not-lang zh`, `the words 'a b'`, `the word 'a'`. */
function partNamed(part) {
  const [, not, flag, value, one, words] = /^--(not-)?(\S+) (.*)|^the word(s?) (.*)/s.exec(part);
  const name = flag === "lang" ? "language" : flag;
  const side = RANGES.includes(name) ? "ranges" : not ? "excluded" : "filters";
  return { side, name, word: one === "" && words.slice(1, -1), said: words || saidOf(side, name, value.split(",")) };
}

/** A filter or range in words. */
function saidOf(side, name, terms) {
  if (side === "ranges") return say(name) + ": " + terms;
  return (side === "excluded" ? say("not") + " " : "") + label(name) + ": " + terms.map((term) => label(name, term)).join(", ");
}

/** What changes when a part is taken away; it goes from the text as well as from the filters. */
function takenAway(view, { side, name, word }) {
  const gone = (token) => {
    const read = engine.parse(token);
    return name ? read[side][COLUMNS[name] || name] : word ? word === token : read.words[0];
  };
  return { search: (view.search.match(/-?(\w+:)?("[^"]*"?|\S+)/g) || []).filter((token) => !gone(token)).join(" "), [side]: without(view[side], name) };
}

/** What stands where nothing was found: the parts that emptied the result, each with a button that takes it away. */
const nothing = ({ emptiedBy, offset }, view, go) => offset ? h("p", say("beyond"), " ", button("s-quiet", () => go({}), say("firstPage"))) : [
  h("h2", say("nothing")), h("p", say(emptiedBy[0] ? "emptied" : "tryFewer")),
  emptiedBy.map(([part, n]) => button("s-button", () => go(takenAway(view, partNamed(part))), say(n ? "without" : "nothingFor", { name: partNamed(part).said, n }))),
];
