// The facet rail: terms with exact counts, wanted or left out, and ranges.

const STAGES = ["pretrain", "sft", "preference", "rl", "eval"];
const OPEN = ["domain", "task", "commercial", "language"];
const SHOWN = 5;

/** A facet; `change` is told what to change of the view, `unfolded` that its counts are wanted now. */
function facetBox(facet, change, unfolded) {
  let view, counts, order, all;
  const name = label(facet);
  const list = h("ul");
  const filter = h("input", { type: "search", "aria-label": say("find", { name }), placeholder: say("find", { name }), input: () => draw() });
  const more = button("s-quiet", () => {
    all = !all;
    filter.value = "";
    draw();
  }, { id: "s-more-" + facet });
  const summary = h("summary");
  const node = h("details.s-facet", { open: OPEN.includes(facet), toggle: unfolded }, summary, h("div", { role: "group", "aria-label": name }, filter, list, more));

  const side = (term) => ["filters", "excluded"].find((each) => view[each][facet]?.includes(term));
  const item = ({ term }) => {
    const id = `s-${facet}-${term}`;
    const on = side(term);
    const set = (to) => () => change(withTerm(view, facet, term, on !== to && to));
    return h("li." + (on || ""),
      h("label", h("input", { id, type: "checkbox", checked: on === "filters", change: set("filters") }), h("span", label(facet, term)), h("small", counts ? inFull(counts.get(term) || 0) : "…")),
      button("s-not", set("excluded"), { id: id + "-not", "aria-pressed": String(on === "excluded"), "aria-label": say("leaveOut", { name: label(facet, term) }), title: say("leaveOut", { name: "" }) }, "−"));
  };
  const draw = () => {
    const sought = filter.value.trim().toLowerCase();
    const known = order.filter(({ term }) => !counts || counts.get(term) || side(term));
    const most = facet === "task" ? SHOWN + STAGES.length : SHOWN;
    const shown = known.filter((each, n) => (all ? [each.term, each.label, each.zh].join("\n").toLowerCase().includes(sought) : n < most || side(each.term)));
    fill(summary, name, h("b", known.filter(({ term }) => side(term)).length || ""));
    fill(list, shown.map(item));
    list.className = all ? "s-long" : "";
    filter.hidden = !all;
    more.hidden = !all && known.length <= shown.length;
    fill(more, all ? say("fewer") : say("showAll", { n: known.length }), { "aria-expanded": String(!!all) });
  };
  return {
    facet, node,
    /** Show a view, and its counts [[term, count]] where they are known. */
    show(next, found) {
      view = next;
      counts = found && new Map(found);
      const given = [...(view.filters[facet] || []), ...(view.excluded[facet] || []), ...(counts ? counts.keys() : [])];
      const { terms } = facetOf(facet);
      order = [...terms, ...given.filter((term) => !terms.some((each) => each.term === term)).map((term) => ({ term }))];
      const weight = ({ term }) => (facet === "task" && STAGES.includes(term) ? 1e9 - STAGES.indexOf(term) : counts.get(term) || 0);
      if (found) order.sort((a, b) => weight(b) - weight(a));
      if (view.filters[facet] || view.excluded[facet]) node.open = true;
      draw();
    },
  };
}

/** Two fields for the bounds of a range; what cannot be read is said and not searched. */
function rangeBox(name, change) {
  let view, shown = "";
  const wrong = h("p.s-wrong", { role: "alert" });
  const set = async () => {
    const range = fields.some((each) => each.value) ? fields.map((each) => each.value.trim()).join("..") : "";
    await engine.characters.ready(range);
    const bad = range && !Object.keys(engine.parse(`${name}:${range}`).ranges)[0];
    fields.forEach((each) => each.setAttribute("aria-invalid", !!bad));
    fill(wrong, bad && say(name === "updated" ? "badDate" : "badRange"));
    const others = without(view.ranges, name);
    if (!bad && range !== (view.ranges[name] || "")) change({ ranges: range ? { ...others, [name]: range } : others });
  };
  const fields = ["from", "to"].map((end) => h("input", { id: `s-${name}-${end}`, placeholder: say(end), "aria-label": say(name) + ": " + say(end), autocomplete: "off", change: set }));
  return {
    node: h("fieldset.s-range", h("legend", say(name)), fields, wrong),
    show(next) {
      view = next;
      if (shown === (shown = view.ranges[name] || "")) return;
      fields.forEach((each, n) => each !== document.activeElement && (each.value = shown.split("..")[n] || ""));
    },
  };
}
