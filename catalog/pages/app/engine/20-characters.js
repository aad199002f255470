/**
 * Text as the index has it: NFKC without private use, tokens of SQLite's unicode61, names folded as Python folds them.
 * Browsers know a later Unicode, so beyond ASCII a table decides that was made of SQLite and Python themselves.
 */
class Characters {
  /** @param {Files} files @param {{language: {cjk: number[]}}} manifest */
  constructor(files, manifest) {
    this.files = files;
    this.table = null;
    const ranges = manifest.language.cjk;
    const escaped = ranges.map((code) => `\\u{${code.toString(16)}}`);
    const pairs = escaped.filter((_, i) => i % 2 === 0).map((first, i) => `${first}-${escaped[2 * i + 1]}`);
    this.cjk = pairs.join("");
    this.run = new RegExp(`[${this.cjk}]+`, "gu");
    this.piece = new RegExp(`[${this.cjk}]+|[^${this.cjk}]+`, "gu");
  }

  /** Load the table where a text needs it. */
  async ready(text, signal) {
    if (this.table || isAscii(text)) return;
    const { classes, runs, tags, folds } = await this.files.json("u", signal);
    const [starts, kinds] = [[], []];
    for (const [list, first] of [[runs, 0x80], [tags, 0xe0000]]) {
      let at = first;
      for (let i = 0; i < list.length; i += 2) {
        starts.push(at);
        kinds.push(classes[list[i + 1]]);
        at += list[i];
      }
      starts.push(at);
      kinds.push([0, 0, 0, 0]); // what is not assigned is part of a token
    }
    this.table = { starts, kinds, folds };
  }

  /** [token, alphanumeric, casefold, assigned] of a character (see `browser/unicode.py`). */
  kind(character) {
    const code = character.codePointAt(0);
    if (code < 128) return ASCII[code];
    if (!this.table) return /[\p{L}\p{N}]/u.test(character) ? [0, 1, 0, 1] : [null, 0, 0, 1];
    const { starts, kinds } = this.table;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] > code) high = middle;
      else low = middle;
    }
    return kinds[low];
  }

  isAlnum(character) {
    return !!this.kind(character)[1];
  }

  /** Whether any character is a letter or a digit. */
  says(text) {
    return [...text].some((character) => this.isAlnum(character));
  }

  /** NFKC, without private-use characters, NUL and halves of characters. */
  plain(text) {
    if (isAscii(text)) return text.replace(/\0/g, " ");
    let found = "";
    let known = "";
    for (const character of text.replace(/[\ud800-\udfff]/gu, "?")) {
      if (this.kind(character)[3]) known += character;
      else {
        found += known.normalize("NFKC") + character;
        known = "";
      }
    }
    return (found + known.normalize("NFKC")).replace(/[\ue000-\uf8ff\u{f0000}-\u{10ffff}\0]/gu, " ");
  }

  casefold(text) {
    if (isAscii(text)) return text.toLowerCase();
    if (!this.table) return text.toLowerCase();
    let found = "";
    for (const character of text) {
      found += this.table.folds[character] || String.fromCodePoint(character.codePointAt(0) + this.kind(character)[2]);
    }
    return found;
  }

  /** `Open-Web_Text` and `openwebtext` are the same. */
  nameNorm(name) {
    return [...this.casefold(this.plain(name))].filter((character) => this.isAlnum(character)).join("");
  }

  /** @returns {string[]} the tokens of a text, as SQLite cuts it */
  tokens(text) {
    const found = [];
    let token = "";
    for (const character of text) {
      const step = this.kind(character)[0];
      if (step === null || (step === "m" && !token)) {
        if (token) found.push(token);
        token = "";
      } else if (step !== "m") token += step ? String.fromCodePoint(character.codePointAt(0) + step) : character;
    }
    return token ? [...found, token] : found;
  }

  /** @returns {string[]} the runs of CJK characters */
  runs(text) {
    return text.match(this.run) || [];
  }
}

const isAscii = (text) => !/[^\0-\x7f]/.test(text);

/** What ASCII characters are, as `Characters.kind` says it. */
const ASCII = Array.from({ length: 128 }, (_, code) => {
  const isUpper = code > 64 && code < 91;
  const isWord = isUpper || (code > 96 && code < 123) || (code > 47 && code < 58);
  return [isWord ? (isUpper ? 32 : 0) : null, isWord ? 1 : 0, isUpper ? 32 : 0, 1];
});
const TERM_MARK = "\ue000";
const EVERY = "\ue001";
const lastSegment = (id) => id.replace(/\/+$/, "").replace(/^.*\//s, "");
