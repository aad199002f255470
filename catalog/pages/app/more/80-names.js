const MOST_NAMES = 6; // shards of names that are looked through

/** Datasets whose name begins so, the most popular first; of very many only those that are named just so. @returns {Promise<{title: string, key: string, url: string}[]>} */
async function suggest(prefix, { manifest, characters, json, card }) {
  await characters.ready(prefix);
  const norm = characters.nameNorm(prefix);
  const { names } = manifest;
  if (!norm || !names[0]) return [];
  const place = Math.max(0, placeOf(names, norm));
  const places = [place];
  while (names[place + places.length]?.startsWith(norm)) places.push(place + places.length);
  const isBroad = places.length > MOST_NAMES;
  const shards = await Promise.all(places.slice(0, isBroad ? 2 : MOST_NAMES).map((each) => json("n/" + each)));
  const ways = shards.flat().filter(([name]) => (isBroad ? name === norm : name.startsWith(norm))).flatMap((line) => line.slice(1).filter((way) => way >= 0 && !way.trim));
  const best = [...new Set(ways.map((way) => Math.floor(way / 8)))].sort((a, b) => a - b).slice(0, 8);
  const cards = await Promise.all(best.map(card));
  return cards.map((each) => ({ key: each[0], title: each[1] || "", url: pageAddress(each[0], each[12]) }));
}
