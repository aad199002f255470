/** Numbers as `browser/numbers.py` writes them, and places in what is sorted. */
class Reader {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** @returns {number} */
  number() {
    let found = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.at++];
      found += (byte & 127) * unit;
      if (!(byte > 127)) return found; // nor go on where a file ends before its time
    }
  }
}

/** The first of `size` places of which a test holds; it holds of all behind it. */
function firstOf(size, test) {
  let low = 0;
  while (low < size) {
    const middle = (low + size) >> 1;
    if (test(middle)) size = middle;
    else low = middle + 1;
  }
  return low;
}

/** The place of the last of some sorted keys that is not behind a key; -1 where all are. Order is that of code points. */
const placeOf = (keys, key) => firstOf(keys.length, (i) => isBefore(key, keys[i])) - 1;

function isBefore(one, other) {
  let i = 0;
  while (i < one.length && one[i] === other[i]) i++;
  return i < one.length ? rankOf(one, i) < rankOf(other, i) : i < other.length;
}

/** Surrogates stand behind all other code units, as the characters that they make do. */
function rankOf(text, i) {
  const unit = text.charCodeAt(i);
  return unit >> 11 === 27 ? unit + 1e5 : unit;
}

/** The place of a document among rising ones, or -1. */
function indexOf(docs, doc) {
  const i = firstOf(docs.length, (at) => docs[at] >= doc);
  return docs[i] === doc ? i : -1;
}

/** The part of rising documents that is before a bound. */
const upToBound = (docs, bound) => docs.subarray(0, firstOf(docs.length, (at) => docs[at] >= bound));

/** Order by the first of each, then by the second. */
const byFirst = (a, b) => a[0] - b[0] || a[1] - b[1];

// -- sets of documents: rising arrays ---------------------------------------------------------------------------------

function met(one, other) {
  if (one.length > other.length) [one, other] = [other, one];
  if (one.length * 32 < other.length) return one.filter((doc) => indexOf(other, doc) >= 0);
  let j = 0;
  return one.filter((doc) => {
    while (other[j] < doc) j++;
    return other[j] === doc;
  });
}

function united(one, other) {
  if (!one.length || !other.length) return one.length ? one : other;
  const found = new Int32Array(one.length + other.length);
  let size = 0;
  for (let i = 0, j = 0; i < one.length || j < other.length; ) {
    if (j >= other.length || one[i] < other[j]) found[size++] = one[i++];
    else {
      if (one[i] === other[j]) i++;
      found[size++] = other[j++];
    }
  }
  return found.subarray(0, size);
}

function less(one, other) {
  let j = 0;
  return one.filter((doc) => {
    while (other[j] < doc) j++;
    return other[j] !== doc;
  });
}
