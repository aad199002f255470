Catalog.more = {
  between, counts, cutUnits, docOf, emptiedBy, filtered, filtersOf, found, helped, narrow, parseRange, passing, resolved, sorted, suggest, tableOf, verdicts,
};
