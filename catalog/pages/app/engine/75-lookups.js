/** Look-ups in alphabetical shards: spellings of terms, names of datasets, words that a misspelling may mean. */
function lookUpsOf({ json }, { aliases, names, order, language }) {
  /** The rest of the line of a key in the shards of a folder, which begin with `first`; [] where there is none. */
  const line = async (folder, first, key) => {
    const place = placeOf(first, key);
    if (place < 0 || !key) return [];
    const lines = await json(folder + "/" + place);
    const [found, ...rest] = lines[placeOf((lines.first ||= lines.map((each) => each[0])), key)] || [];
    return found === key ? rest : [];
  };

  /** The terms of all facets that a folded spelling stands for. @returns {Promise<Term[]>} */
  const termsSpelt = async (norm) => {
    const found = [];
    for (let rest = await line("a", aliases, norm); rest[0] !== undefined; rest = rest.slice(3)) {
      found.push({ facet: order[rest[0]], id: rest[1], number: rest[2] });
    }
    return found;
  };

  return {
    line, termsSpelt,
    /** The terms of text facets that spellings stand for, in the order of these. @returns {Promise<Map<string, Term[]>>} */
    async spellings(norms) {
      const rank = (term) => language.text.indexOf(term.facet);
      return new Map(await Promise.all(norms.map(async (norm) =>
        [norm, (await termsSpelt(norm)).filter((term) => rank(term) >= 0).sort((a, b) => rank(a) - rank(b))])));
    },
    /** Ways to datasets by a folded name. @returns {Promise<{doc: number, kind: number, text: string}[]>} */
    async named(norm) {
      const found = [];
      for (const each of await line("n", names, norm)) {
        if (each.trim) found.at(-1).text = each;
        else found.push({ doc: Math.floor(each / 8), kind: each % 8, text: "" });
      }
      return found;
    },
  };
}
