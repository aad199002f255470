// What runs once the page is there. The words of the language come as a script, which works from file:// too.

(async () => {
  const app = $("#catalog-app");
  if (!app) return;
  const { view } = app.dataset;
  app.lang = UI;
  try {
    const [opened] = await Promise.all([
      Catalog.open(ROOT, { offline: "offline" in HTML.dataset }),
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
