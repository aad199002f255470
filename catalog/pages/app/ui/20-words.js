// The words of the interface, and numbers and terms as people read them. The language is chosen by assets/shell.js.

const UI = HTML.dataset.ui;
const WORDS = {};
const engine = {}; // filled once the manifest is there
Catalog.words = (words) => Object.assign(WORDS, words);

/** What the "local" or "session" storage holds, or with `value` put there; nothing where the browser keeps none. */
function stored(kind, name, value) {
  try {
    const storage = window[kind + "Storage"];
    return value == null ? storage.getItem(name) : storage.setItem(name, value);
  } catch {}
}

/** A sentence with its {fields} filled in; of those in "one|many", the one that fits the number n. */
function say(name, fields = {}) {
  const [one, many = one] = (WORDS[name] || name).split("|");
  return (fields.n === 1 ? one : many).replace(/\{(\w+)\}/g, (field, key) => (key === "n" ? inFull(fields.n) : (fields[key] ?? field)));
}

const inFull = (number) => number.toLocaleString(UI);
const short = (number) => number.toLocaleString(UI, { notation: "compact", maximumFractionDigits: 1 });

/** Bytes for people: 39.8 GB. */
function sized(bytes) {
  let step = 0;
  for (; bytes >= 1000 && step < 5; step++) bytes /= 1000;
  return bytes.toFixed(bytes < 100 && step ? 1 : 0) + " " + ["B", "kB", "MB", "GB", "TB", "PB"][step];
}

const inUi = (each) => (UI === "zh" && each.zh) || each.label || (each.term || "").replaceAll("-", " ");
const facetOf = (facet) => engine.manifest.facets.find((each) => each.facet === facet);

/** The label of a facet, or of one of its terms. */
const label = (facet, term) => (term ? inUi(termOf(facet, term) || { term }) : say("facet-" + facet));
const termOf = (facet, term) => facetOf(facet)?.terms.find((each) => each.term === term);

/** The label of a term as a node; that of a rare one, which the manifest does not name, comes late. */
function named(facet, term) {
  const node = h("span", label(facet, term));
  if (!termOf(facet, term)) engine.terms(facet).then((terms) => fill(node, inUi(terms.find((each) => each.term === term) || { term })), () => 0);
  return node;
}

/** The title of a dataset in the language of the interface. */
const titled = (each) => (UI === "zh" && each.titleZh) || each.title || each.key.replace(/^.*[/:](?=.)/s, "");
