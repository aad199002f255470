/**
 * Data files: loaded once, inflated, kept. A load that nobody waits for any longer is aborted.
 */
class Files {
  /** @param {string} base address of the folder, with a slash at its end
   *  @param {boolean} offline whether files come as scripts, as on file:// */
  constructor(base, offline) {
    this.base = base;
    this.offline = offline;
    /** @type {Map<string, {promise: Promise<Uint8Array>, users: number, done: boolean, control: AbortController}>} */
    this.kept = new Map();
  }

  /** @param {string} name @param {AbortSignal} [signal] @returns {Promise<Uint8Array>} */
  bytes(name, signal) {
    if (signal && signal.aborted) return Promise.reject(signal.reason);
    let file = this.kept.get(name);
    if (!file) {
      const made = (file = { users: 0, done: false, control: new AbortController() });
      made.promise = this.load(name, made.control.signal).then(
        (content) => ((made.done = true), content),
        (error) => {
          if (this.kept.get(name) === made) this.kept.delete(name);
          throw error;
        },
      );
      this.kept.set(name, made);
    }
    file.users++;
    return signal && !file.done ? this.awaited(name, file, signal) : file.promise;
  }

  awaited(name, file, signal) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        reject(signal.reason);
        if (--file.users || file.done) return;
        this.kept.delete(name);
        file.control.abort();
      };
      signal.addEventListener("abort", stop, { once: true });
      file.promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
  }

  /** @param {string} name @param {AbortSignal} [signal] @returns {Promise<any>} */
  async json(name, signal) {
    const bytes = await this.bytes(name, signal);
    return bytes.json || (bytes.json = JSON.parse(new TextDecoder().decode(bytes)));
  }

  async load(name, signal) {
    const address = this.base + name;
    const packed = this.offline ? await this.script(name, `${address}.js`) : await this.fetched(`${address}.bin`, signal);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  async fetched(address, signal) {
    const answer = await fetch(address, { signal, cache: address.endsWith("manifest.bin") ? "no-cache" : "default" });
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}.`);
    return answer.arrayBuffer();
  }

  script(name, address) {
    return new Promise((resolve, reject) => {
      const waiting = (globalThis.__c = globalThis.__c || Object.assign((key, text) => waiting.of.get(key)(text), { of: new Map() }));
      const tag = document.createElement("script");
      waiting.of.set(name, (text) => resolve(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
      tag.onload = () => tag.remove();
      tag.onerror = () => reject(new Error(`${address} cannot be read.`));
      tag.src = address;
      document.head.append(tag);
    });
  }
}

/** Reads numbers as `browser/numbers.py` writes them. */
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

  /** Rising numbers, given by their steps. @returns {Int32Array} */
  rising(count) {
    const found = new Int32Array(count);
    for (let i = 0, last = 0; i < count; i++) found[i] = last += this.number();
    return found;
  }
}

/** The place of the last of some sorted keys that is not behind a key; -1 where all are. Order is that of code points. */
function placeOf(keys, key) {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(key, keys[middle])) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function isBefore(one, other) {
  const size = Math.min(one.length, other.length);
  for (let i = 0; i < size; i++) {
    if (one[i] === other[i]) continue;
    return rankOf(one.charCodeAt(i)) < rankOf(other.charCodeAt(i));
  }
  return one.length < other.length;
}

/** Surrogates stand behind all other code units, as the characters that they make do. */
const rankOf = (unit) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);
