// The rail of facets and ranges beside the results, the chips above them, and the counts.

const LARGE = 2e5; // entries from which counts cost too much on a slow link to come unasked

/** Fills the shelf and the chips; `show` takes a view with its run, `count` the total once it is known. */
function railOf(page) {
  const { shelf, chips, input, go } = page;
  let view, run, total, counts;
  const link = navigator.connection || {};
  let isAsked = !((link.saveData || /[23]g/.test(link.effectiveType)) && engine.manifest.entries > LARGE);
  const facets = [...new Set([...OPEN, ...engine.manifest.facets.map(({ facet }) => facet)])].filter(facetOf).map((facet) => facetBox(facet, go, () => count()));
  const ranges = RANGES.slice(0, 4).map((name) => rangeBox(name, go));
  const fold = h("input", { type: "checkbox", change: () => go({ merge: fold.checked }) });
  const ask = button("s-button", () => {
    isAsked = true;
    count();
  }, say("showCounts"));
  walk(page, namesBelow(input));
  const nodes = [...facets.slice(0, 5), ...ranges, ...facets.slice(5)].map((each) => each.node);
  shelf.append(ask, ...nodes, h("label.s-fold", fold, say("fold")));

  /** The counts of what is unfolded and not counted yet; on slow links and big registries only when asked for. */
  async function count(found = total) {
    total = found;
    ask.hidden = isAsked;
    const mine = run;
    const wanted = facets.filter(({ facet, node }) => node.open && !(facet in counts)).map((each) => each.facet);
    if (!isAsked || !shelf.open || total == null || !wanted[0]) return;
    for (const facet of wanted) counts[facet] = null;
    const known = await mine.counts({ facets: wanted }).catch(() => ({}));
    for (const facet of wanted) facetOf(facet).terms = await engine.terms(facet); // the labels of rare terms come late
    if (mine !== run) return;
    Object.assign(counts, known);
    draw();
  }

  function draw() {
    facets.forEach((each) => each.show(view, counts[each.facet]));
    ranges.forEach((each) => each.show(view));
    fold.checked = view.merge;
    const chip = (name, change) => h("li", button("s-chip", () => {
      go(change);
      ($("button", chips) || input).focus();
    }, { "aria-label": say("remove", { name }) }, name));
    const all = ["filters", "excluded"].flatMap((side) => Object.entries(view[side]).flatMap(([facet, terms]) => terms.map((term) =>
      chip(saidOf(side, facet, [term]), withTerm(view, facet, term)))));
    for (const [name, range] of Object.entries(view.ranges)) all.push(chip(saidOf("ranges", name, range), { ranges: without(view.ranges, name) }));
    if (all[1]) all.push(chip(say("clear"), { filters: {}, excluded: {}, ranges: {} }));
    fill(chips, all);
  }

  return {
    count,
    show(next, mine) {
      [view, run, total, counts] = [next, mine, null, {}];
      draw();
    },
  };
}
