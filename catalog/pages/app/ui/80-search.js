// The datasets page. Three stages, each dropped at the next change: cards, the exact total, the counts of open facets.
// The script `more` comes behind the first results; it draws facets, chips, names and the tray, and listens to keys.

const PAUSE = 60; // milliseconds after a keystroke

function searchPage(app) {
  let view = viewOf(location.search), run, timer, saving, total, found, rail;
  const name = document.title;
  const isWide = innerWidth > 959;

  const typed = ({ isComposing }) => {
    if (isComposing) return;
    clearTimeout(timer);
    run?.abort();
    run = total = null;
    drawRail();
    fill(status, "…");
    timer = setTimeout(() => go({ search: input.value }, true), PAUSE);
  };
  const input = h("input", {
    id: "s-search", type: "search", autocomplete: "off", spellcheck: "false", maxlength: 500, "aria-label": say("search"), placeholder: say("hint"), input: typed,
  });
  input.addEventListener("compositionend", typed);
  const status = h("p.s-total", { role: "status" });
  const chips = h("ul.s-chips", { "aria-label": say("filters") });
  const said = h("div.s-said", { role: "status" });
  const hits = h("ol.s-hits", { "aria-label": say("results") });
  const pages = h("nav.s-pages", { "aria-label": say("pages") });
  const sort = h("select", { "aria-label": say("sort"), change: () => go({ sort: sort.value }) }, SORTS.map((value) => h("option", { value }, say("by-" + value))));
  const shelf = h("details.s-shelf", { open: isWide, toggle: () => (rail ? rail.count() : shelf.open && found && drawRail()) }, h("summary", say("filters")));
  const links = () => [...hits.querySelectorAll("h2 a")];

  fill(app, h("div", { id: "s-app" },
    h("div.s-head", h("div.s-box", input, h("kbd", { "aria-hidden": "true" }, "/")), button("s-quiet", async () => rarely("switchLanguage"), { lang: UI === "zh" ? "en" : "zh" }, UI === "zh" ? "English" : "中文")),
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
    if (document.activeElement !== input || !timer) input.value = view.search;
    sort.value = view.sort;
    document.title = (view.search ? view.search + " - " : "") + name;
    fill(status, "…");
    hits.ariaBusy = true;
    rail?.show(view, run);
    const { filters, excluded, ranges } = view;
    const isNarrowed = !isEmpty({ ...filters, ...excluded, ...ranges });
    stage(Promise.all([mine.cards, isNarrowed && drawRail()]), ([cards]) => {
      hits.ariaBusy = false;
      found = cards;
      total ??= cards.total;
      drawCards();
      then?.();
      if (isNarrowed || shelf.open || stored("session", "catalog-compare")) drawRail();
    });
    stage(mine.total, (number) => {
      total = number;
      drawTotal();
      rail?.count(total);
    });
  }

  /** Draw what the script `more` has to draw; without it there are results all the same. */
  async function drawRail() {
    const more = await later("more").catch(() => null);
    if (!more) return;
    if (!rail) {
      rail = more.railOf({ shelf, chips, input, hits, links, go, typed });
      rail.show(view, run);
      rail.count(total);
    }
    more.drawTray();
  }

  function failed(error) {
    hits.ariaBusy = false;
    fill(hits);
    fill(said, h("p.s-wrong", error.name === "Usage" ? error.message : [say("failed"), " ", button("s-button", () => show(), say("again"))]));
    drawRail();
  }

  function drawTotal() {
    fill(status, total == null ? "…" : say("total", { n: total }));
    const last = total == null ? view.page + (found.hits.length === view.size) : Math.ceil(total / view.size);
    const to = (page, text, name) => h("a", { href: addressOf({ ...view, page }), "data-page": page, "aria-label": name, "aria-current": page === view.page && !name && "page" }, text);
    const near = [1, view.page - 1, view.page, view.page + 1, last].filter((page, n, all) => page > 0 && page <= last && all.indexOf(page) === n);
    fill(pages, last > 1 && [
      view.page > 1 && to(view.page - 1, "‹", say("previous")),
      near.map((page, n) => [page - near[n - 1] > 1 && "…", to(page, inFull(page))]),
      view.page < last && to(view.page + 1, "›", say("next")),
    ]);
  }

  function drawCards() {
    const { readAs, didYouMean, leftOut, notes, offset } = found;
    const words = engine.parse(didYouMean || view.search).words;
    const note = (text, change, name) => h("p", text, " ", name && button("s-quiet", () => go(change), name));
    const term = (text, n) => text.split(" or ").map((each, i) => {
      const [, minus, facet, id] = /(-?)(\w+):(.*)/.exec(each);
      return [i ? ` ${say("or")} ` : n > 0 && ", ", minus && say("not") + " ", label(facet) + ": ", named(facet, id)];
    });
    const [before, after] = say("readAs").split("{terms}");
    const help = say; // its words come with the script that helps
    hits.start = offset + 1;
    fill(hits, found.hits.map((hit) => cardOf(hit, words)));
    fill(said,
      readAs[0] && note([before, readAs.map(term), after], { exact: true }, say("asWords")),
      view.exact && note(say("exact"), { exact: false }, say("asTerms")),
      didYouMean && note(help("didYouMean", { asked: view.search, shown: didYouMean }), { exact: true }, help("asTyped")),
      leftOut && note(help("leftOut", { word: leftOut })),
      notes.map((text) => note(text)),
      !found.hits[0] && Catalog.more.nothing(found, view, go));
    drawTotal();
  }

  // Links of the page itself change the view in place; a new tab or window still takes the address.
  app.addEventListener("click", async (event) => {
    const { page, facet, term } = event.target.closest("a")?.dataset || {};
    if (!(page || term) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (term) go(await rarely("withTerm", view, facet, term, "filters"));
    else go({ page: +page }, false, () => {
      links()[0]?.focus();
      scrollTo(0, 0);
    });
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
  show(restore(history.state || { at: isWide && "s-search", y: 0 }));
}

/** Some browsers allow no more than a hundred changes in half a minute; the address waits then, the search does not. */
function remember(how, state, address) {
  try {
    history[how](state, "", address);
  } catch {}
}
