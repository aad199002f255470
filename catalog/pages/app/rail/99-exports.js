Object.assign(Catalog.more, { railOf, drawTray, pick, withTerm, nothing, switchLanguage });
