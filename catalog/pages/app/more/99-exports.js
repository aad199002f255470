Catalog.more = {
  between, counts, cutUnits, docOf, emptiedBy, filtered, filtersOf, found, helped, firsts, narrow, parseRange, passing, resolved, resultOf, sorted, suggest, tableOf, verdicts,
};
