/**
 * The query language, read without ever failing (catalog/search/query.py). Filters are read by the script `more`.
 * @typedef {{text: string, kind: "word" | "phrase" | "prefix", negated: boolean}} Word
 * @typedef {{words: Word[], filters: Object<string, string[]>, excluded: Object<string, string[]>,
 *   ranges: Object<string, [any, any]>, loose: Set<string>, notes: string[], sort: string, limit: number,
 *   offset: number, merge: boolean}} Query
 */
const MAX_WORDS = 32;
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const TOKEN = RegExp(`(-?)(?:([A-Za-z]{2,12}):)?(?:"([^"]*)"?|([^${SPACE}]+))`, "g");

const wordOf = (text, kind = "word", negated = false) => ({ text, kind, negated });

/** What an object holds by a name that a person may have typed. */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : null);

/** @returns {Query} */
function parseQuery(text, characters, language) {
  const query = { words: [], filters: {}, excluded: {}, ranges: {}, loose: new Set(), notes: [] };
  const note = (said) => query.notes.includes(said) || query.notes.push(said);

  const word = (value, minus, quoted) => {
    const bare = value.replace(/\*+$/, "");
    const isPrefix = !quoted && bare !== value && [...bare][1];
    if (isPrefix) value = bare;
    const kind = quoted ? "phrase" : isPrefix ? "prefix" : "word";
    if (characters.says(value)) query.words.push(wordOf([...value].slice(0, 200).join(""), kind, minus));
  };

  for (const [, minus, name = "", quoted, bare] of characters.plain(text).matchAll(TOKEN)) {
    const value = quoted ?? bare;
    if (!name || !Catalog.more.filtered(query, note, name.toLowerCase(), value, !!minus, language)) word((name && name + ":") + value, !!minus, quoted != null);
  }
  if (query.words[MAX_WORDS]) {
    note(`Only the first ${MAX_WORDS} words were used.`);
    query.words.length = MAX_WORDS;
  }
  return query;
}

const textOf = (query) => query.words.filter((word) => !word.negated).map((word) => word.text).join(" ");
