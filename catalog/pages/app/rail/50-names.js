// The names below the search box, which becomes a combobox (ARIA 1.2); a name opens its page.

function namesBelow(input) {
  let at = -1, asked = 0;
  const list = h("ul", { id: "s-names", role: "listbox", "aria-label": say("names") });
  const options = list.children;
  const point = (to) => {
    at = to;
    [...options].forEach((option, n) => option.setAttribute("aria-selected", n === at));
    input.setAttribute("aria-activedescendant", at < 0 ? "" : "s-name-" + at);
    options[at]?.scrollIntoView({ block: "nearest" });
  };
  const show = (names) => {
    fill(list, names.map(({ title, key, url }, n) =>
      h("li", { id: "s-name-" + n, role: "option", mousedown: (event) => event.preventDefault(), click: () => (location = ROOT + url) }, h("b", title || key), h("small", key))));
    list.hidden = !names[0];
    input.setAttribute("aria-expanded", !list.hidden);
    point(-1);
  };
  const close = () => show([], asked++);
  const ask = async ({ isComposing }) => {
    if (isComposing) return;
    const mine = ++asked;
    const text = input.value.trim();
    const names = text[1] ? await suggest(text, engine).catch(() => []) : [];
    if (mine === asked) show(names);
  };
  input.parentNode.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]]) input.setAttribute(name, value);
  for (const [event, does] of [["blur", close], ["input", ask], ["compositionend", ask]]) input.addEventListener(event, does);
  close();

  /** What a key does to the names; false where it means something else. */
  return (key, step) => {
    const size = options.length + 1;
    if (step && size > 1) point(((at + 1 + step + size) % size) - 1);
    else if (key === "Enter" && at >= 0) options[at].click();
    else if (key === "Enter" || (key === "Escape" && size > 1)) close();
    else return false;
    return true;
  };
}

/** The keys of the page: a slash leads to the box, arrows walk names and results, Escape leads back. */
function walk({ input, hits, links, typed }, onNames) {
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    const step = (key === "ArrowDown") - (key === "ArrowUp");
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isInBox = target === input;
    if (isInBox && onNames(key, step)) return event.preventDefault();
    if (isInBox && step > 0) links()[0]?.focus();
    else if (isInBox && key === "Escape" && input.value) typed((input.value = ""));
    else if (hits.contains(target) && (key === "Escape" || step)) {
      const at = links().indexOf(target);
      if (key === "Escape") input.focus();
      else if (at >= 0) (links()[at + step] || (step < 0 ? input : target)).focus();
      else return;
    } else if (key === "/" && !target.closest?.("input:not([type=checkbox]), textarea, select")) {
      input.select();
      input.focus();
    } else return;
    event.preventDefault();
  });
}
