/** Look-ups in alphabetical shards: spellings of terms, names of datasets, words that a misspelling may mean. */
class LookUps {
  /** @param {Files} files @param {any} manifest @param {Characters} characters */
  constructor(files, manifest, characters) {
    this.files = files;
    this.manifest = manifest;
    this.characters = characters;
    this.facets = manifest.order;
  }

  /** The rest of the line of a key in the shards of a folder; null where there is none. */
  async line(folder, first, key, signal) {
    const place = placeOf(first, key);
    if (place < 0) return null;
    const lines = await this.files.json(`${folder}/${place}`, signal);
    const at = placeOf(lines.first || (lines.first = lines.map((line) => line[0])), key);
    return at >= 0 && lines[at][0] === key ? lines[at].slice(1) : null;
  }

  /** The terms of all facets that a folded spelling stands for. @returns {Promise<Term[]>} */
  async termsSpelt(norm, signal) {
    const line = (norm && (await this.line("a", this.manifest.aliases, norm, signal))) || [];
    const found = [];
    for (let i = 0; i < line.length; i += 3) found.push({ facet: this.facets[line[i]], id: line[i + 1], number: line[i + 2] });
    return found;
  }

  /** The terms of text facets that spellings stand for, in the order of these. @returns {Promise<Map<string, Term[]>>} */
  async spellings(norms, signal) {
    const { text } = this.manifest.language;
    const each = await Promise.all(norms.map((norm) => this.termsSpelt(norm, signal)));
    const kept = each.map((terms) => terms.filter((term) => text.includes(term.facet)));
    for (const terms of kept) terms.sort((a, b) => text.indexOf(a.facet) - text.indexOf(b.facet));
    return new Map(norms.map((norm, i) => [norm, kept[i]]));
  }

  /** All spellings of a facet's terms, each with its term. @returns {Promise<Map<string, string>>} */
  async allOf(facet, signal) {
    const shards = await Promise.all(this.manifest.aliases.map((_, place) => this.files.json(`a/${place}`, signal)));
    const found = new Map();
    for (const [norm, ...rest] of shards.flat()) {
      for (let i = 0; i < rest.length; i += 3) if (this.facets[rest[i]] === facet) found.set(norm, rest[i + 1]);
    }
    return found;
  }

  /** Ways to datasets by a folded name. @returns {Promise<{doc: number, kind: number, text: string}[]>} */
  async named(norm, signal) {
    const line = (norm && (await this.line("n", this.manifest.names, norm, signal))) || [];
    const found = [];
    for (let i = 0; i < line.length; i++) {
      const text = typeof line[i + 1] === "string" ? line[i + 1] : "";
      found.push({ doc: Math.floor(line[i] / 8), kind: line[i] % 8, text });
      if (text) i++;
    }
    return found;
  }

  /** Words that share a form with a word, each with how many datasets hold it. @returns {Promise<Map<string, number>>} */
  async sharing(word, signal) {
    const head = word.slice(0, 8);
    const forms = new Set([head, ...[...head].map((_, i) => head.slice(0, i) + head.slice(i + 1))]);
    const first = await this.files.json("w/first", signal);
    const lines = await Promise.all([...forms].map((form) => this.line("w", first, form, signal)));
    const found = new Map();
    for (const line of lines) for (let i = 0; line && i < line.length; i += 2) found.set(line[i], line[i + 1]);
    return found;
  }
}

/** The optimal string alignment distance. */
function distance(a, b) {
  let before = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2] + 1);
      current.push(cost);
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length];
}
