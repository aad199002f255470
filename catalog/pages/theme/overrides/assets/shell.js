// What every page of the catalog needs of scripts: its language, dark and light, copy buttons.
(() => {
  const root = document.documentElement;
  const { src } = document.currentScript;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const inputs = all("input[name=__palette]");

  const kept = (read) => {
    try {
      return read();
    } catch {}
  };

  function show(index, keep) {
    const input = inputs[index], color = {};
    if (!input) return;
    for (const name of ["media", "scheme", "primary", "accent"]) {
      const attribute = "data-md-color-" + name;
      color[name] = input.getAttribute(attribute);
      if (name !== "media") document.body.setAttribute(attribute, color[name]);
    }
    input.checked = true;
    all("[data-md-component=palette] label").forEach((label, number) => (label.hidden = number !== index));
    if (keep) __md_set("__palette", { index, color });
  }

  // The hand-written pages have the theme's own scripts for dark and light.
  const { index = +matchMedia("(prefers-color-scheme: dark)").matches } = kept(() => __md_get("__palette")) || {};
  if (!document.getElementById("__config")) {
    show(index);
    inputs.forEach((input, index) => (input.onchange = () => show(index, true)));
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-copy]");
    const text = button && document.getElementById(button.dataset.copy);
    if (!text) return;
    const select = () => getSelection().selectAllChildren(text);
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(text.textContent).then(() => {
      button.dataset.done = "";
      setTimeout(() => delete button.dataset.done, 1500);
    }, select);
  });
  for (const button of all("[data-copy]")) button.hidden = false;

  const asked = new URLSearchParams(location.search).get("ui") || kept(() => localStorage.getItem("catalog-ui")) || navigator.language;
  const isChinese = /^zh/i.test(asked);
  root.dataset.ui = isChinese ? "zh" : "en";
  if (isChinese) document.head.append(Object.assign(document.createElement("script"), { src: src.replace("shell.js", "chinese.js") }));
})();
