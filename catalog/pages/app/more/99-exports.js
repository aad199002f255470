Catalog.more = {
  between, counts, cutUnits, docOf, emptiedBy, filtered, filtersOf, found, helped, loadFirsts, narrow, parseRange, passing, resolved, resultOf, sorted, suggest, tableOf, verdicts,
};
