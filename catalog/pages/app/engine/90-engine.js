/**
 * The door to the search data: `await Catalog.open(root, {offline})`, then `search`, `parse`, `suggest`, `detail`.
 */
class Engine {
  constructor(root, files, manifest) {
    this.root = root;
    this.files = files;
    this.manifest = manifest;
    this.characters = new Characters(files, manifest);
    this.lists = new Lists(files, manifest);
    this.lookUps = new LookUps(files, manifest, this.characters);
    this.columns = new Columns(this);
  }

  /** @param {{search?: string, filters?: Object<string, string[]>, excluded?: Object<string, string[]>,
   *   ranges?: Object<string, string>, sort?: string, page?: number, size?: number, exact?: boolean, merge?: boolean}} view */
  search(view) {
    return new Run(this, view);
  }

  /** @returns {Query} */
  parse(text) {
    return parseQuery(text, this.characters, this.manifest.language);
  }

  /** All terms of a facet in use, most used first; the manifest names only the first. */
  async terms(facet, signal) {
    const listed = this.manifest.facets.find((each) => each.facet === facet);
    if (!listed) return [];
    return listed.size > listed.terms.length ? this.files.json(`f/${facet}`, signal) : listed.terms;
  }

  /** The card of a document, as `browser/entries.py` writes it. */
  async card(doc, signal) {
    const steps = this.manifest.cards;
    let chunk = 0;
    for (let i = 0; i < steps.length; i++) {
      const [start, size] = steps[i];
      const end = i + 1 < steps.length ? steps[i + 1][0] : Infinity;
      if (doc < end) {
        const columns = await this.files.json(`c/${chunk + Math.floor((doc - start) / size)}`, signal);
        return this.cardOf(columns, (doc - start) % size);
      }
      chunk += Math.ceil((end - start) / size);
    }
    return null;
  }

  /** A card out of its chunk (`browser/cards.py`). */
  cardOf([tags, ...columns], place) {
    const card = columns.map((column) => (column ? column[place] : null));
    const terms = {};
    this.manifest.order.forEach((facet, i) => {
      const held = tags && tags[i] ? [tags[i][place]].flat() : [0];
      if (held[0]) terms[facet] = held.map((tag) => (tag > 0 ? this.named(facet)[tag - 1].term : tag));
    });
    return [...card, terms];
  }

  /** The terms of a facet that the manifest names. */
  named(facet) {
    return this.manifest.facets.find((each) => each.facet === facet).terms;
  }

  /** A card as the interface shows it. */
  hit(doc, card, merge, named) {
    const [key, title, titleZh, summary, commercial, license, rows, bytes, downloads, modified, year] = card;
    const [cluster, href, missing, terms] = card.slice(11);
    return {
      doc, key, title: title || "", titleZh: titleZh || "", summary: summary || "", license: license || "", rows, bytes,
      downloads, modified: modified || "", year, terms, named, missing: missing || "",
      source: key.slice(0, key.indexOf(":")),
      url: pageAddress(key, href),
      commercial: merge && cluster ? cluster[1] : commercial,
      copies: merge && cluster ? cluster[0].length - 1 : 0,
    };
  }

  /** The document of a key, or null. */
  async docOf(key, signal) {
    await this.characters.ready(key, signal);
    const id = key.slice(key.indexOf(":") + 1);
    const ways = await this.lookUps.named(this.characters.nameNorm(lastSegment(id)), signal);
    for (const { doc } of ways) if ((await this.card(doc, signal))[0] === key) return doc;
    return null;
  }

  /** Everything of an entry, or null. */
  async detail(key, signal) {
    const doc = await this.docOf(key, signal);
    if (doc === null) return null;
    const { size } = this.manifest.details;
    return (await this.files.json(`e/${Math.floor(doc / size)}`, signal))[doc % size];
  }

  /** Where the page of an entry is. */
  async href(key, signal) {
    const doc = await this.docOf(key, signal);
    return doc === null ? entryAddress(key) : pageAddress(key, (await this.card(doc, signal))[12]);
  }

  /** Datasets whose name begins so, the most popular first. @returns {Promise<{title: string, key: string, url: string}[]>} */
  async suggest(prefix, signal) {
    await this.characters.ready(prefix, signal);
    const norm = this.characters.nameNorm(prefix);
    const { names } = this.manifest;
    const place = Math.max(0, placeOf(names, norm));
    if (!norm || !names.length) return [];
    const places = [place, place + 1].filter((each) => each < names.length && (each === place || names[each].startsWith(norm)));
    const shards = await Promise.all(places.map((each) => this.files.json(`n/${each}`, signal)));
    const lines = shards.flat().filter((line) => line[0].startsWith(norm));
    const docs = lines.flatMap((line) => line.slice(1).filter((way) => typeof way === "number").map((way) => Math.floor(way / 8)));
    const best = [...new Set(docs)].sort((a, b) => a - b).slice(0, 8);
    const cards = await Promise.all(best.map((doc) => this.card(doc, signal)));
    return cards.map((card, i) => this.hit(best[i], card, false, false)).map(({ title, key, url }) => ({ title, key, url }));
  }
}

const pageAddress = (key, href) => (href === 1 ? `dataset/${key.replace(":", "/")}/` : href || entryAddress(key));
const entryAddress = (key) => `datasets/entry.html?id=${encodeURIComponent(key).replace(/%2F/g, "/").replace(/%3A/g, ":")}`;

const Catalog = {
  /** @param {string} root address of the site's root, with a slash at its end @returns {Promise<Engine>} */
  async open(root, { offline = false } = {}) {
    const manifest = await new Files(`${root}catalog/`, offline).json("manifest");
    return new Engine(root, new Files(`${root}catalog/${manifest.build}/`, offline), manifest);
  },
};
globalThis.Catalog = Catalog;
