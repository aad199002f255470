// What runs once the page is there. The words of the language come as a script, which works from file:// too.

(async () => {
  const app = $("#catalog-app");
  if (!app) return;
  const { view } = app.dataset;
  app.lang = UI;
  try {
    const opening = Catalog.open(ROOT, { offline: "offline" in HTML.dataset });
    if (!location.search) opening.then(({ card }) => card(0)).catch(() => 0); // while the words come
    const [opened] = await Promise.all([
      opening,
      runScript(assetOf("words")),
      view !== "index" && later("entry"),
    ]);
    Object.assign(engine, opened);
    (view === "index" ? searchPage : Catalog.entry[view])(app);
  } catch (error) {
    fill(app, h("p.s-wrong", { role: "alert" }, "The data of this site could not be loaded. 无法载入本站数据。"));
    throw error;
  }
})();
