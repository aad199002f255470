// What every page of the catalog needs of scripts: dark and light, copy buttons, labels in Chinese.
(function () {
  "use strict";
  var page = document, body = page.body;
  var inputs = Array.from(page.querySelectorAll("input[name=__palette]"));
  var labels = Array.from(page.querySelectorAll("[data-md-component=palette] label"));

  function show(index, keep) {
    var input = inputs[index], color = {};
    if (!input) return;
    ["media", "scheme", "primary", "accent"].forEach(function (name) {
      color[name] = input.getAttribute("data-md-color-" + name);
      if (name !== "media") body.setAttribute("data-md-color-" + name, color[name]);
    });
    input.checked = true;
    labels.forEach(function (label, number) { label.hidden = number !== index; });
    if (keep) window.__md_set("__palette", { index: index, color: color });
  }

  var kept = null;
  try { kept = window.__md_get("__palette"); } catch (error) { kept = null; }
  var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  show(kept && inputs[kept.index] ? kept.index : dark ? inputs.length - 1 : 0, false);
  inputs.forEach(function (input, index) {
    input.addEventListener("change", function () { show(index, true); });
  });

  function chosen(text) {
    var range = page.createRange(), selection = window.getSelection();
    range.selectNodeContents(text);
    selection.removeAllRanges();
    selection.addRange(range);
  }

  page.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy]");
    if (!button) return;
    var text = page.getElementById(button.getAttribute("data-copy"));
    if (!text) return;
    var done = function () {
      button.setAttribute("data-done", "");
      setTimeout(function () { button.removeAttribute("data-done"); }, 1500);
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(done, function () { chosen(text); });
    else chosen(text);
  });
  page.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = false; });
})();
