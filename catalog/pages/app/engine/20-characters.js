/**
 * Text as the index has it: NFKC without private use, tokens of SQLite's unicode61, names folded as Python folds them.
 * Browsers know a later Unicode, so beyond ASCII a table decides that was made of SQLite and Python themselves; `ready`
 * loads it where a text needs it, and has to be called before anything else is asked of that text.
 */
function charactersOf({ json }, cjk) {
  const ranges = cjk.map((code, i) => (i % 2 ? "-" : "") + `\\u{${code.toString(16)}}`).join("");
  const run = RegExp(`[${ranges}]+`, "gu");
  let table;

  /** [token, alphanumeric, casefold, assigned] of a character (see `browser/unicode.py`). */
  const kind = (character) => {
    const code = character.codePointAt(0);
    if (code > 127) return table.kind(code);
    const step = /[A-Z]/.test(character) ? 32 : 0;
    return /[a-z\d]/i.test(character) ? [step, 1, step] : [null, 0, 0];
  };
  const moved = (character, step) => String.fromCodePoint(character.codePointAt(0) + step);
  const isAlnum = (character) => kind(character)[1];

  /** NFKC, without private-use characters, NUL and halves of characters. */
  const plain = (text) => (isAscii(text) ? text : table.plain(text)).replace(/\0/g, " ");
  const casefold = (text) => [...text].map((character) => table?.folds[character] || moved(character, kind(character)[2])).join("");

  return {
    plain, casefold, isAlnum,
    /** Every run of CJK characters, and what stands between them. */
    piece: RegExp(`[${ranges}]+|[^${ranges}]+`, "gu"),
    /** @returns {string[]} the runs of CJK characters */
    runs: (text) => text.match(run) || [],
    /** Whether any character is a letter or a digit. */
    says: (text) => [...text].some(isAlnum),
    /** Traditional characters in their simplified form. */
    simple: (text) => [...text].map((character) => table?.han[character] || character).join(""),
    /** `Open-Web_Text` and `openwebtext` are the same. */
    nameNorm: (name) => [...casefold(plain(name))].filter(isAlnum).join(""),

    /** @returns {string[]} the tokens of a text, as SQLite cuts it */
    tokens(text) {
      const found = [""];
      for (const character of text) {
        const step = kind(character)[0];
        if (step === null || (step === "m" && !found[0])) found[0] && found.unshift("");
        else if (step !== "m") found[0] += moved(character, step);
      }
      return found.reverse().filter(Boolean);
    },

    async ready(text) {
      if (!isAscii(text)) table ||= await rarely("tableOf", await json("u"));
    },
  };
}

const isAscii = (text) => !/[^\0-\x7f]/.test(text);
const TERM_MARK = "\ue000";
const lastSegment = (id) => id.replace(/\/+$/, "").replace(/^.*\//s, "");
