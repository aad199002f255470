Catalog.entry = { entry: entryPage, compare: comparePage };
