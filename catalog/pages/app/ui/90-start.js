// What runs once the page is there. The words of the language come as a script, which works from file:// too.

(async () => {
  const app = $("#catalog-app");
  if (!app) return;
  app.lang = UI = language();
  const words = new Promise((done, error) => {
    Catalog.words = (words) => done((WORDS = words));
    document.head.append(h("script", { src: ROOT + (HTML.dataset.locale || "assets/locale-{}.js").replace("{}", UI), error }));
  });
  try {
    [engine] = await Promise.all([Catalog.open(ROOT, { offline: "offline" in HTML.dataset }), words]);
    ({ entry: entryPage, compare: comparePage }[app.dataset.view] || searchPage)(app);
  } catch (error) {
    fill(app, h("p.s-wrong", { role: "alert" }, "The data of this site could not be loaded. 无法载入本站数据。"));
    throw error;
  }
})();
