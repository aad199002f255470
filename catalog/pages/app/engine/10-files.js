/**
 * Data files: loaded once, inflated, kept. A load that nobody waits for any longer is aborted.
 * `filesAt(base, offline)(signal)` gives `bytes` and `json`, whose waiting ends with the signal.
 */
const HTML = document.documentElement;
const ROOT = HTML.dataset.root || "./";
/** Data files that came as scripts, still packed. */
const ARRIVED = {};
globalThis.__c = (name, text) => (ARRIVED[name] = new Blob([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))]));

/** @param {string} base address of the folder, with a slash at its end
 *  @param {boolean} offline whether files come as scripts, as on file:// */
function filesAt(base, offline) {
  const kept = new Map();

  const load = async (name, signal) => {
    const address = base + name;
    const packed = offline ? (await runScript(address + ".js"), ARRIVED[name]) : await fetched(address + ".bin", signal);
    const stream = packed.stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  const wait = (name, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      let file = kept.get(name);
      if (!file) {
        const control = new AbortController();
        kept.set(name, (file = { users: 0, control, content: load(name, control.signal) }));
        file.content.catch(() => kept.get(name) === file && kept.delete(name));
      }
      file.users++;
      const stop = () => {
        reject(signal.reason);
        if (--file.users) return;
        kept.delete(name);
        file.control.abort();
      };
      signal?.addEventListener("abort", stop);
      file.content.then(resolve, reject).then(() => signal?.removeEventListener("abort", stop));
    });

  return (signal) => {
    const bytes = (name) => wait(name, signal);
    const json = async (name) => {
      const found = await bytes(name);
      return (found.json ||= JSON.parse(new TextDecoder().decode(found)));
    };
    return { bytes, json };
  };
}

/** The manifest is asked for anew each time; a page may have begun to load it already, as `early`. */
async function fetched(address, signal) {
  const [early, cache] = /manifest.bin$/.test(address) ? [globalThis.early, "no-cache"] : [];
  const answer = (await early)?.clone() || (await fetch(address, { signal, cache }));
  if (!answer.ok) throw Error(address);
  return answer.blob();
}

/** Run a script of this site. */
const runScript = (src) =>
  new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.onload = resolve;
    tag.onerror = () => reject(Error(src));
    tag.src = src;
    document.head.append(tag);
  });

/** Where a script of this site stands: its page says so, with {} for the language. */
const assetOf = (name) => ROOT + HTML.dataset[name].replace("{}", HTML.dataset.ui);

/** What is loaded only once it is needed: the exports of the script `more` or `entry`. */
const LATER = {};
const later = async (name) =>
  Catalog[name] ||
  (LATER[name] ||= runScript(assetOf(name)).then(
    () => Catalog[name],
    (error) => {
      delete LATER[name];
      throw error;
    },
  ));

/** Call a function of the script `more`. */
const rarely = async (name, ...given) => (await later("more"))[name](...given);
