/**
 * The door to the search data: `await Catalog.open(root, {offline})`, then `search`, `parse`.
 */
const entryAddress = (key) => "datasets/entry.html?id=" + coded(key);

/** The address of an entry's page as its card tells it. */
const pageAddress = (key, told) => (told === 1 ? `dataset/${key.replace(":", "/")}/` : told || entryAddress(key));

/** A value for a query string, as readable as it can be. */
const coded = (value) => encodeURIComponent(value).replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%20/g, "+");

/** A card (see `browser/cards.py`) as the interface shows it. */
function hitOf(doc, card, merge, named) {
  const [key, title = "", titleZh = "", summary = "", commercial, license = "", rows = null, bytes = null, downloads = null, modified = "", year, cluster, told, , terms] = card;
  const [members, verdict] = (merge && cluster) || [[doc], commercial];
  return { doc, key, title, titleZh, summary, license, rows, bytes, downloads, modified, year, terms, named, url: pageAddress(key, told), commercial: verdict, copies: members.length - 1 };
}

/** All that reads data files, which stops with a signal. */
function sessionOf({ manifest, filesOf, characters, shards, beside }, signal) {
  const files = filesOf(signal);
  const { json } = files;
  const { cards, facets, language, order } = manifest;
  const listed = (facet) => facets.find((each) => each.facet === facet);

  /** The card of a document. */
  const card = async (doc) => {
    const [[tags, ...columns], place] = beside.get(doc) || (await inChunk(doc));
    const terms = {};
    order.forEach((facet, i) => {
      const held = [tags[i][place]].flat();
      if (held[0]) terms[facet] = held.map((tag) => (tag.trim ? tag : listed(facet).terms[tag - 1].term));
    });
    return [...columns.map((column) => column[place]), terms];
  };
  /** The columns of a chunk, and the place of a document in it; where large chunks begin, a small one ends. */
  const inChunk = async (doc) => {
    const [[, small], [far, large] = [Infinity]] = cards;
    const [start, size] = doc < far ? [0, small] : [far, large];
    doc -= start;
    return [await json("c/" + (start / small + Math.floor(doc / size))), doc % size];
  };
  return {
    ...files, ...lookUpsOf(files, manifest), manifest, language, characters, card, beside,
    lists: listsOf(files, manifest, shards),
    /** All terms of a facet in use, most used first; the manifest names only the first. */
    async terms(facet) {
      const { size, terms } = listed(facet) || { terms: [] };
      return size > terms.length ? json("f/" + facet) : terms;
    },
  };
}

globalThis.Catalog = {
  /** @param {string} root address of the site's root, with a slash at its end */
  async open(root, { offline = false } = {}) {
    const manifest = await filesAt(root + "catalog/", offline)().json("manifest");
    const filesOf = filesAt(`${root}catalog/${manifest.build}/`, offline);
    const characters = charactersOf(filesOf(), manifest.language.cjk);
    const shared = { manifest, filesOf, characters, shards: [], beside: new Map() };
    const session = sessionOf(shared);
    return {
      ...session,
      /** @returns {Query} */
      parse: (text) => parseQuery(text, characters, manifest.language),

      /** @param {{search?: string, filters?: Object<string, string[]>, excluded?: Object<string, string[]>,
       *   ranges?: Object<string, string>, sort?: string, page?: number, size?: number, exact?: boolean, merge?: boolean}} view */
      search(view) {
        const control = new AbortController();
        return runOf(sessionOf(shared, control.signal), view, control);
      },
    };
  },
};
