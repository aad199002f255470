/**
 * Copies of a dataset folded into one result: of the members of a cluster that match, the first stands for all
 * (catalog/search/fold.py). A page asks the cards of its candidates, all else the file of all clusters.
 */
class Fold {
  /** @param {Engine} engine @param {string[] | null} asked verdicts that filters let through; null: nothing is folded */
  constructor(engine, asked, signal) {
    this.engine = engine;
    this.asked = asked;
    this.signal = signal;
  }

  isRefused(commercial) {
    return this.asked.length > 0 && !this.asked.includes(commercial);
  }

  /** The first `count` documents of an order that no other stands for; null where that is not yet known.
   * @param {Iterable<number | null>} order @param {Known} known */
  async shown(order, known, count) {
    const found = [];
    for (const doc of order) {
      if (doc === null) return null;
      const hidden = this.asked ? await this.hides(doc, known) : false;
      if (hidden === null) return null;
      if (!hidden && found.push(doc) === count) break;
    }
    return found;
  }

  /** Whether another member that matches stands before this one. */
  async hides(doc, known) {
    const cluster = (await this.engine.card(doc, this.signal))[11];
    if (!cluster) return false;
    const [members, commercial] = cluster;
    if (this.isRefused(commercial)) return true;
    const found = members.slice(0, members.indexOf(doc)).map((member) => known.has(member));
    return found.includes(true) || (found.includes(null) ? null : false);
  }

  /** Documents without those that another of them stands for. */
  async without(docs) {
    if (!this.asked) return docs;
    const hidden = [];
    for (const [members, commercial] of await this.engine.files.json("clusters", this.signal)) {
      const found = members.filter((member) => indexOf(docs, member) >= 0);
      hidden.push(...(this.isRefused(commercial) ? found : found.slice(1)));
    }
    return less(docs, Int32Array.from(hidden).sort());
  }
}
