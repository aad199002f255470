// The words of the interface, and numbers and terms as people read them.

let UI, WORDS, engine;

/** The language asked for by ?ui=, else the one chosen before, else the browser's. */
const language = () => {
  const asked = new URLSearchParams(location.search).get("ui") || stored("local", "catalog-ui") || navigator.language;
  return /^zh/i.test(asked) ? "zh" : "en";
};

/** What the "local" or "session" storage holds, or with `value` put there; nothing where the browser keeps none. */
function stored(kind, name, value) {
  try {
    const storage = window[kind + "Storage"];
    return value == null ? storage.getItem(name) : storage.setItem(name, value);
  } catch {
    return null;
  }
}

/** A sentence with its {fields} filled in; of those in "one|many", the one that fits the number n. */
function say(name, fields = {}) {
  const [one, many = one] = (WORDS[name] || name).split("|");
  return (fields.n === 1 ? one : many).replace(/\{(\w+)\}/g, (_, key) => (key === "n" ? exact(fields.n) : fields[key]));
}

const exact = (number) => number.toLocaleString(UI);
const short = (number) => number.toLocaleString(UI, { notation: "compact", maximumFractionDigits: 1 });

/** Bytes for people: 39.8 GB. */
function sized(bytes) {
  let step = 0;
  for (; bytes >= 1000 && step < 5; step++) bytes /= 1000;
  return bytes.toFixed(bytes < 100 && step ? 1 : 0) + " " + ["B", "kB", "MB", "GB", "TB", "PB"][step];
}

const inUi = (each) => (UI === "zh" && each.zh) || each.label || each.term;
const facetOf = (facet) => engine.manifest.facets.find((each) => each.facet === facet);

/** The label of a facet, or of one of its terms; one that the manifest does not name is shown as it is. */
const label = (facet, term) => (term ? inUi(facetOf(facet)?.terms.find((each) => each.term === term) || { term }) : say("facet-" + facet));

/** The title of a dataset in the language of the interface. */
const titled = (each) => (UI === "zh" && each.titleZh) || each.title || each.key.replace(/^.*[/:](?=.)/s, "");
