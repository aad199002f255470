/** The document of a key, or null. The names have an id without letters or digits as it is. */
async function docOf(key, { characters, named, card }) {
  await characters.ready(key);
  const id = key.slice(key.indexOf(":") + 1);
  for (const { doc } of await named(characters.nameNorm(lastSegment(id)) || id)) if ((await card(doc))[0] === key) return doc;
  return null;
}

/** Where up to so many datasets are compared. */
const MOST = 4;
const comparing = (keys) => ROOT + "datasets/compare.html?ids=" + keys.map(coded);
