// The search box: a combobox over names (ARIA 1.2). Words are searched as they are typed; a name opens its page.

/** The box: `typed` is told each change of the text, `past` of an arrow down where no names are shown. */
function searchBox(typed, past) {
  let at = -1, asked = 0;
  const list = h("ul", { id: "s-names", role: "listbox", "aria-label": say("names") });
  const point = (to) => {
    at = to;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", n === at));
    input.setAttribute("aria-activedescendant", at < 0 ? "" : "s-name-" + at);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const show = (names) => {
    fill(list, names.map(({ title, key, url }, n) =>
      h("li", { id: "s-name-" + n, role: "option", mousedown: (event) => event.preventDefault(), click: () => (location = ROOT + url) }, h("b", title || key), h("small", key))));
    list.hidden = !names[0];
    input.setAttribute("aria-expanded", !list.hidden);
    point(-1);
  };
  const close = () => show([], asked++);
  const input = h("input", {
    id: "s-search", type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", maxlength: 500,
    "aria-autocomplete": "list", "aria-controls": "s-names", "aria-label": say("search"), placeholder: say("hint"),
    blur: close,
    async input({ isComposing }) {
      if (isComposing) return;
      const mine = ++asked;
      const text = input.value.trim();
      typed(input.value);
      const names = text[1] ? await engine.suggest(text).catch(() => []) : [];
      if (mine === asked) show(names);
    },
    keydown(event) {
      const { key } = event;
      const step = (key === "ArrowDown") - (key === "ArrowUp");
      const size = list.children.length + 1;
      if (event.isComposing || event.altKey) return;
      if (step && size > 1) point(((at + 1 + step + size) % size) - 1);
      else if (step > 0) past();
      else if (key === "Enter" && at >= 0) list.children[at].click();
      else if (key === "Enter" || (key === "Escape" && size > 1)) close();
      else if (key === "Escape" && input.value) typed((input.value = ""));
      else return;
      event.preventDefault();
    },
  });
  input.addEventListener("compositionend", input.oninput);
  close();
  // The theme has a search of its own on the same key.
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    input.select();
    input.focus();
  }, true);
  return h("div.s-box", input, h("kbd", { "aria-hidden": "true" }, "/"), list);
}
