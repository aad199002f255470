// The datasets page. Three stages, each dropped at the next change: cards, the exact total, the counts of open facets.

const PAUSE = 60; // milliseconds after a keystroke
const LARGE = 2e5; // entries from which counts cost too much on a slow link to come unasked

function searchPage(app) {
  let view = viewOf(location.search), run, timer, saving, total, counts, found;
  const name = document.title;
  const link = navigator.connection || {};
  let counted = !((link.saveData || /[23]g/.test(link.effectiveType)) && engine.manifest.entries > LARGE);

  const box = searchBox((search) => {
    clearTimeout(timer);
    run?.abort();
    run = null;
    fill(status, "…");
    timer = setTimeout(() => go({ search }, true), PAUSE);
  }, () => links()[0]?.focus());
  const input = $("input", box);
  const facets = [...new Set([...OPEN, ...engine.manifest.facets.map(({ facet }) => facet)])].filter(facetOf).map((facet) => facetBox(facet, go, count));
  const ranges = RANGES.slice(0, 4).map((name) => rangeBox(name, go));
  const status = h("p.s-total", { role: "status" });
  const chips = h("ul.s-chips", { "aria-label": say("filters") });
  const said = h("div.s-said", { role: "status" });
  const hits = h("ol.s-hits", { "aria-label": say("results") });
  const pages = h("nav.s-pages", { "aria-label": say("pages") });
  const sort = h("select", { "aria-label": say("sort"), change: () => go({ sort: sort.value }) }, SORTS.map((value) => h("option", { value }, say("by-" + value))));
  const fold = h("input", { type: "checkbox", change: () => go({ merge: fold.checked }) });
  const ask = button("s-button", () => {
    counted = true;
    count();
  }, say("showCounts"));
  const shelf = h("details.s-shelf", { open: innerWidth > 959, toggle: count }, h("summary", say("filters")), ask, facets.slice(0, 5).map((each) => each.node), ranges.map((each) => each.node), facets.slice(5).map((each) => each.node), h("label.s-fold", fold, say("fold")));
  const links = () => [...hits.querySelectorAll("h2 a")];

  fill(app, h("div", { id: "s-app" },
    h("div.s-head", box, button("s-quiet", switchLanguage, { lang: UI === "zh" ? "en" : "zh" }, UI === "zh" ? "English" : "中文")),
    h("div.s-body", shelf, h("div", h("div.s-bar", status, sort), chips, said, hits, pages))));

  /** Change the view: a new entry of the history, or with `same` the one that is there. */
  function go(change, same, then) {
    clearTimeout(timer);
    if (same !== true) keep();
    view = { ...view, page: 1, ...change };
    remember(same === true ? "replaceState" : "pushState", null, addressOf(view));
    show(then);
  }

  /** Remember where a person is, for the way back. */
  const keep = () => remember("replaceState", { y: scrollY, at: document.activeElement.id });
  const restore = (state) => () => {
    if (!state) return;
    document.getElementById(state.at)?.focus();
    scrollTo(0, state.y);
  };

  function show(then) {
    run?.abort();
    const mine = (run = engine.search(view));
    const stage = (promise, step) => promise.then((value) => mine === run && step(value), (error) => mine === run && error.name !== "AbortError" && failed(error));
    total = found = null;
    counts = {};
    if (document.activeElement !== input || !timer) input.value = view.search;
    sort.value = view.sort;
    fold.checked = view.merge;
    document.title = (view.search ? view.search + " - " : "") + name;
    drawChips();
    drawRail();
    fill(status, "…");
    hits.ariaBusy = true;
    stage(mine.cards, (cards) => {
      hits.ariaBusy = false;
      found = cards;
      if (cards.totalIsExact) total = cards.total;
      drawCards();
      then?.();
    });
    stage(mine.total, (number) => {
      total = number;
      drawTotal();
      count();
    });
  }

  /** The counts of what is unfolded and not counted yet; on slow links and big registries only when asked for. */
  async function count() {
    ask.hidden = counted;
    const mine = run;
    const wanted = facets.filter(({ facet, node }) => node.open && !(facet in counts)).map((each) => each.facet);
    if (!counted || !shelf.open || total == null || !wanted[0]) return;
    for (const facet of wanted) counts[facet] = null;
    const known = await mine.counts({ facets: wanted }).catch(() => ({}));
    for (const facet of wanted) facetOf(facet).terms = await engine.terms(facet); // the labels of rare terms come late
    if (mine !== run) return;
    Object.assign(counts, known);
    drawRail();
    drawChips();
  }

  function failed(error) {
    hits.ariaBusy = false;
    fill(hits);
    fill(said, h("p.s-wrong", error.name === "Usage" ? error.message : [say("failed"), " ", button("s-button", () => show(), say("again"))]));
  }

  function drawRail() {
    facets.forEach((each) => each.show(view, counts[each.facet]));
    ranges.forEach((each) => each.show(view));
  }

  function drawChips() {
    const chip = (name, change) => h("li", button("s-chip", () => {
      go(change);
      ($("button", chips) || input).focus();
    }, { "aria-label": say("remove", { name }) }, name));
    const all = ["filters", "excluded"].flatMap((side) => Object.entries(view[side]).flatMap(([facet, terms]) => terms.map((term) =>
      chip(saidOf(side, facet, [term]), withTerm(view, facet, term)))));
    for (const [name, range] of Object.entries(view.ranges)) {
      const { [name]: _, ...ranges } = view.ranges;
      all.push(chip(saidOf("ranges", name, range), { ranges }));
    }
    if (all[1]) all.push(chip(say("clear"), { filters: {}, excluded: {}, ranges: {} }));
    fill(chips, all);
  }

  function drawTotal() {
    fill(status, total == null ? "…" : say("total", { n: total }));
    const last = total == null ? view.page + (found.hits.length === view.size) : Math.ceil(total / view.size);
    const to = (page, text, name) => h("a", { href: addressOf({ ...view, page }), "data-page": page, "aria-label": name, "aria-current": page === view.page && !name && "page" }, text);
    const near = [1, view.page - 1, view.page, view.page + 1, last].filter((page, n, all) => page > 0 && page <= last && all.indexOf(page) === n);
    fill(pages, last > 1 && [
      view.page > 1 && to(view.page - 1, "‹", say("previous")),
      near.map((page, n) => [page - near[n - 1] > 1 && "…", to(page, exact(page))]),
      view.page < last && to(view.page + 1, "›", say("next")),
    ]);
  }

  function drawCards() {
    const { readAs = [], didYouMean, leftOut, notes = [], emptiedBy = [] } = found;
    const words = engine.parse(didYouMean || view.search).words;
    const note = (text, change, name) => h("p", text, " ", name && button("s-quiet", () => go(change), name));
    const named = (text) => text.replace(/(\w+):(\S+)/g, (_, facet, term) => label(facet) + ": " + label(facet, term)).replace(/ or /g, ` ${say("or")} `).replace(/^-/, say("not") + " ");
    hits.start = found.offset + 1;
    fill(hits, found.hits.map((hit) => card(hit, words)));
    fill(said,
      readAs[0] && note(say("readAs", { terms: readAs.map(named).join(", ") }), { exact: true }, say("asWords")),
      view.exact && note(say("exact"), { exact: false }, say("asTerms")),
      didYouMean && note(say("didYouMean", { asked: view.search, shown: didYouMean }), { exact: true }, say("asTyped")),
      leftOut && note(say("leftOut", { word: leftOut })),
      notes.map((text) => note(text)),
      !found.hits[0] && found.offset > 0 && note(say("beyond"), {}, say("firstPage")),
      !found.hits[0] && !found.offset && [h("h2", say("nothing")), note(say(emptiedBy[0] ? "emptied" : "tryFewer")), emptiedBy.map(([part, n]) =>
        button("s-button", () => go(without(view, partNamed(part))), say(n ? "without" : "nothingFor", { name: partNamed(part).said, n })))]);
    drawTotal();
    drawTray();
  }

  // Links of the page itself change the view in place; a new tab or window still takes the address.
  app.addEventListener("click", (event) => {
    const { page, facet, term } = event.target.closest("a")?.dataset || {};
    if (!(page || term) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (term) go(withTerm(view, facet, term, "filters"));
    else go({ page: +page }, false, () => {
      links()[0]?.focus();
      scrollTo(0, 0);
    });
  });
  hits.addEventListener("keydown", (event) => {
    const step = (event.key === "ArrowDown") - (event.key === "ArrowUp");
    const at = links().indexOf(document.activeElement);
    if (event.key === "Escape") input.focus();
    else if (step && at >= 0) (links()[at + step] || (step < 0 ? input : event.target)).focus();
    else return;
    event.preventDefault();
  });
  for (const event of ["scroll", "focusin"])
    addEventListener(event, () => {
      clearTimeout(saving);
      saving = setTimeout(keep, 200);
    });
  addEventListener("pagehide", keep);
  addEventListener("popstate", ({ state }) => {
    clearTimeout(saving);
    timer = 0;
    view = viewOf(location.search);
    show(restore(state));
  });
  history.scrollRestoration = "manual";
  show(restore(history.state || { at: innerWidth > 959 && "s-search", y: 0 }));
}

/** Some browsers allow no more than a hundred changes in half a minute; the address waits then, the search does not. */
function remember(how, state, address) {
  try {
    history[how](state, "", address);
  } catch {}
}

/** The same page in the other language. */
function switchLanguage() {
  const asked = new URLSearchParams(location.search);
  stored("local", "catalog-ui", UI === "zh" ? "en" : "zh");
  asked.delete("ui");
  location.search = asked;
}
