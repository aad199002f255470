/** Filters and ranges as they are typed (catalog/search/query.py). */
const MAX_VALUES = 64;
const AMOUNT = /^(\d{1,3}(?:,\d{3})+|\d{1,30}(?:[.,]\d{1,30})?)[\t-\r\x1c-\x20]*([kmgtb]?)(i?b)?$/i;
const DATE = /^\d{4}(-(0\d|1[0-2])(-\d{2})?)?$/;
const DATES = ["modified", "created"];
const THOUSANDS = { k: 1, m: 2, g: 3, b: 3, t: 4 };

const trimmed = (text) => text.replace(RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g"), "");

/** An error that says what a person may do about it. */
const usage = (message) => Object.assign(Error(message), { name: "Usage" });

/** Take a word for a filter; false where it is none. */
function filtered(query, note, key, value, minus, language) {
  const column = own(language.ranges, key);
  if (column && !minus && value) {
    try {
      query.ranges[column] = parseRange(key, value, language);
      return true;
    } catch (error) {
      return note(error.message + " It was searched as text."), false;
    }
  }
  const truth = own({ yes: 1, true: 1, no: 0, false: 0 }, value.toLowerCase());
  if (key === "gated" && truth !== null) {
    minus = minus == truth;
    [key, value] = ["access", language.gated];
  }
  let values = value.split(",").filter(trimmed);
  const facet = own(language.facets, key);
  if (!facet || !values[0]) return false;
  if (query.loose.size + values.length > MAX_VALUES) {
    values = values.slice(0, MAX_VALUES - query.loose.size);
    note(`Only the first ${MAX_VALUES} filter values were used.`);
  }
  if (values[0]) (query[minus ? "excluded" : "filters"][facet] ||= []).push(...values);
  for (const each of values) query.loose.add(facet + ":" + each);
  return true;
}

/** Narrow a query to the filters and ranges of a view. */
function narrow(query, { filters = {}, excluded = {}, ranges = {} }, language) {
  for (const [side, given] of [[query.filters, filters], [query.excluded, excluded]]) {
    for (const [facet, terms] of Object.entries(given)) if (terms[0]) (side[facet] ||= []).push(...terms);
  }
  for (const [name, span] of Object.entries(ranges)) {
    const column = own(language.ranges, name);
    if (!column) throw usage(`nothing is called ${name}.`);
    if (span) query.ranges[column] = parseRange(name, span, language);
  }
}

/** `10k..1M`, `..2GB`, `2024..` as [low, high]; a bound that is not given is null. */
function parseRange(name, text, language) {
  const column = language.ranges[name];
  const isDate = DATES.includes(column);
  const cut = text.indexOf("..");
  let [low, high] = (cut < 0 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 2)]).map(trimmed);
  const spans = cut >= 0 || isDate || column === "year";
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
  const [, amount, letter, suffix = ""] = match;
  const unit = column === "bytes" && !suffix && /b/i.test(letter) ? "" : letter.toLowerCase();
  const digits = /^\d{1,3}(,\d{3})+$/.test(amount) ? amount.replaceAll(",", "") : amount.replace(",", ".");
  const base = /i/i.test(suffix) ? 1024 : 1000;
  return Math.min(2 ** 62, Math.floor(+digits * base ** (THOUSANDS[unit] || 0)));
}

/** A text in quotes, as Python's repr writes it. */
function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escapes = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [mark]: "\\" + mark };
  const body = text.replace(/[\\'"]|[\p{C}\p{Z}]/gu, (found) => {
    if (escapes[found]) return escapes[found];
    if (/[ '"]/.test(found)) return found;
    const code = found.codePointAt(0).toString(16);
    const [letter, size] = code.length < 3 ? ["x", 2] : code.length < 5 ? ["u", 4] : ["U", 8];
    return `\\${letter}${code.padStart(size, "0")}`;
  });
  return mark + body + mark;
}
