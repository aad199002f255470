/**
 * The query language, read without ever failing (catalog/search/query.py).
 * @typedef {{text: string, kind: "word" | "phrase" | "prefix", negated: boolean}} Word
 * @typedef {{words: Word[], filters: Object<string, string[]>, excluded: Object<string, string[]>,
 *   ranges: Object<string, [any, any]>, loose: Set<string>, notes: string[], sort: string, limit: number,
 *   offset: number, merge: boolean}} Query
 */
const MAX_WORDS = 32;
const MAX_VALUES = 64;
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const TOKEN = new RegExp(`(-?)(?:([A-Za-z]{2,12}):)?(?:"([^"]*)"?|([^${SPACE}]+))`, "g");
const AMOUNT = /^(\d{1,3}(?:,\d{3})+|\d{1,30}(?:[.,]\d{1,30})?)[\t-\r\x1c-\x20]*([kmgtb]?)(i?b)?$/i;
const DATE = /^\d{4}(-\d{2}(-\d{2})?)?$/;
const TIMES = ["modified", "created", "year"];

const wordOf = (text, kind = "word", negated = false) => ({ text, kind, negated });
const trimmed = (text) => text.replace(new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g"), "");

/** An error that says what a person may do about it. */
function usage(message) {
  return Object.assign(new Error(message), { name: "Usage" });
}

/** @returns {Query} */
function parseQuery(text, characters, language) {
  const query = { words: [], filters: {}, excluded: {}, ranges: {}, loose: new Set(), notes: [] };
  const note = (said) => query.notes.includes(said) || query.notes.push(said);
  let loose = 0;

  const filter = (key, value, minus) => {
    if (Object.hasOwn(language.ranges, key) && !minus && value) {
      try {
        query.ranges[language.ranges[key]] = parseRange(key, value, language);
      } catch (error) {
        note(`${error.message} It was searched as text.`);
        return false;
      }
      return true;
    }
    const truth = { yes: true, true: true, no: false, false: false };
    if (key === "gated" && Object.hasOwn(truth, value.toLowerCase())) {
      minus = minus === truth[value.toLowerCase()];
      [key, value] = ["access", language.gated];
    }
    let values = value.split(",").filter((part) => trimmed(part));
    if (!Object.hasOwn(language.facets, key) || !values.length) return false;
    if (query.loose.size + values.length > MAX_VALUES) {
      values = values.slice(0, MAX_VALUES - query.loose.size);
      note(`Only the first ${MAX_VALUES} filter values were used.`);
    }
    const facet = language.facets[key];
    const side = minus ? query.excluded : query.filters;
    if (values.length) side[facet] = [...(side[facet] || []), ...values];
    for (const each of values) query.loose.add(`${facet}:${each}`);
    return true;
  };

  const word = (value, minus, quoted) => {
    let kind = quoted ? "phrase" : "word";
    const bare = value.replace(/\*+$/, "");
    if (!quoted && bare !== value && [...bare].length >= 2) [kind, value] = ["prefix", bare];
    if (characters.says(value)) query.words.push(wordOf([...value].slice(0, 200).join(""), kind, minus));
  };

  for (const [, minus, name, quoted, bare] of characters.plain(text).matchAll(TOKEN)) {
    const isQuoted = quoted !== undefined;
    const value = isQuoted ? quoted : bare;
    if (!filter((name || "").toLowerCase(), value, !!minus)) word((name ? `${name}:` : "") + value, !!minus, isQuoted);
  }
  if (query.words.length > MAX_WORDS) {
    note(`Only the first ${MAX_WORDS} words were used.`);
    query.words.length = MAX_WORDS;
  }
  return query;
}

/** `10k..1M`, `..2GB`, `2024..` as [low, high]; a bound that is not given is null. */
function parseRange(name, text, language) {
  const column = language.ranges[name];
  const isDate = column === "modified" || column === "created";
  const cut = text.indexOf("..");
  let [low, high] = (cut < 0 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 2)]).map(trimmed);
  const spans = cut >= 0 || TIMES.includes(column);
  if (cut < 0 && spans) high = low;
  const bounds = [readBound(column, low, isDate), spans ? readBound(column, high, isDate) : null];
  if ((low && bounds[0] === null) || (high && bounds[1] === null) || !(low || high)) {
    throw usage(`${name} does not understand ${quoted(text)}.`);
  }
  return bounds;
}

function readBound(column, text, isDate) {
  if (isDate) return DATE.test(text) ? text : null;
  const match = AMOUNT.exec(text);
  if (!match) return null;
  let unit = match[2].toLowerCase();
  const suffix = (match[3] || "").toLowerCase();
  if (column === "bytes" && unit === "b" && !suffix) unit = "";
  const digits = /^\d{1,3}(,\d{3})+$/.test(match[1]) ? match[1].replaceAll(",", "") : match[1].replace(",", ".");
  const thousands = { k: 1, m: 2, g: 3, b: 3, t: 4 }[unit] || 0;
  return Math.min(2 ** 62, Math.floor(+digits * (suffix === "ib" ? 1024 : 1000) ** thousands));
}

/** A text in quotes, as Python's repr writes it. */
function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escapes = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [mark]: `\\${mark}` };
  const body = text.replace(/[\\'"]|[\p{C}\p{Z}]/gu, (found) => {
    if (Object.hasOwn(escapes, found)) return escapes[found];
    if (found === " " || found === "'" || found === '"') return found;
    const code = found.codePointAt(0).toString(16);
    return code.length < 3 ? `\\x${code.padStart(2, "0")}` : code.length < 5 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
  return mark + body + mark;
}
