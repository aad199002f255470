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

  var CHINESE = {
    "Home": "首页", "Datasets": "数据集", "Browse": "浏览", "Guide": "指南", "Sources": "来源", "Reference": "参考",
    "How to read an entry": "如何阅读条目", "Search datasets": "搜索数据集", "Copy": "复制",
    "Source": "来源", "Rows": "行数", "Size": "大小", "Tokens": "词元数", "By": "作者", "Published": "发布",
    "Modified": "更新", "Access": "访问", "Downloads": "下载量", "Likes": "点赞", "Votes": "投票", "Paper": "论文",
    "Also called": "别名", "Missing": "缺失", "Description": "说明", "Tags and their evidence": "标签与依据",
    "Facet": "分面", "Term": "标签", "Rule": "规则", "Rests on": "依据", "Sure": "把握", "Domain": "领域",
    "Task": "任务", "Modality": "模态", "Language": "语言", "Genre": "体裁", "Training format": "训练格式",
    "Library": "库", "License": "许可", "License claims": "许可声明", "Who says it": "谁说的", "What is said": "声明",
    "Of": "对象", "Evidence": "证据", "Columns": "列", "Column": "列", "Type": "类型", "Role": "作用", "Subset": "子集",
    "Where to get it": "获取", "Place": "位置", "Form": "形式", "Note": "备注", "The same dataset elsewhere": "其他站点的同一数据集",
    "Similar datasets": "相似数据集", "Ties to other datasets": "与其他数据集的关系", "Changes": "变更", "When": "时间",
    "What": "内容", "Before": "之前", "After": "之后", "Citation": "引用", "Sources of this page": "本页依据",
    "Commercial use": "商业使用", "Size band": "规模", "The most used": "最常用", "Stage of training": "训练阶段",
    "Kind of task": "任务类型"
  };

  function translated(node) {
    var text = node.childElementCount ? "" : node.textContent.trim();
    var chinese = CHINESE[text] || (node.matches("a[title]") && node.closest(".c-bars, .c-chips, table") && node.title);
    if (!chinese || !text) return;
    node.textContent = chinese;
    node.lang = "zh";
  }

  var ui = new URLSearchParams(location.search).get("ui");
  try { ui = ui || localStorage.getItem("catalog-ui"); } catch (error) { ui = ui || ""; }
  if (/^zh/i.test(ui || navigator.language) && !page.getElementById("catalog-app")) {
    page.querySelectorAll("#content :is(h2, h2 > a, h3, dt, th, td, td > a, li > a, button)").forEach(translated);
  }
  if (/^zh/i.test(ui || navigator.language)) {
    page.querySelectorAll(".md-tabs__link").forEach(translated);
    page.querySelectorAll(".c-find input").forEach(function (field) {
      field.placeholder = CHINESE[field.placeholder] || field.placeholder;
      field.setAttribute("aria-label", field.placeholder);
      field.lang = "zh";
    });
  }
})();
