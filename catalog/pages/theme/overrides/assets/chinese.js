// What the pages say in Chinese, by their English: sentences of ours, never texts of sources. assets/shell.js loads it.
(() => {
  /** Texts as a whole. */
  const WORDS = {
    "Home": "首页", "Datasets": "数据集", "Browse": "浏览", "Guide": "指南", "Sources": "来源", "Reference": "参考",
    "How to read an entry": "如何阅读条目", "Search datasets": "搜索数据集", "Search": "搜索", "Copy": "复制",
    "Skip to content": "跳到正文", "Dark": "深色", "Light": "浅色", "Where you are": "当前位置", "Previous": "上一页",
    "Next": "下一页", "Table of contents": "目录", "Browse all lists": "浏览全部列表", "Compare datasets": "对比数据集",
    "Quick start": "快速上手", "Tags": "标签", "Accuracy": "准确度", "Licenses and verdicts": "许可与结论",
    "Training formats": "训练格式", "How much data": "需要多少数据", "Augmentation": "数据扩增", "Where data is found": "去哪里找数据",
    "Fetching": "下载", "The registry": "登记库", "The site": "网站", "Configuration": "配置", "Writing a connector": "编写连接器",
    "Corpora that are no hub": "不属于平台的语料", "Command line": "命令行", "Records": "记录", "Reliability": "可靠性",
    "How it is built": "内部结构",
    "Source": "来源", "Rows": "行数", "Size": "大小", "Tokens": "词元数", "By": "作者", "Published": "发布",
    "Modified": "更新", "Access": "获取方式", "Downloads": "下载量", "Likes": "点赞数", "Votes": "票数", "Paper": "论文",
    "Also called": "别名", "Missing": "缺失", "Description": "说明", "Tags and their evidence": "标签与依据",
    "Facet": "分面", "Term": "词条", "Rule": "规则", "Rests on": "依据", "Sure": "把握", "Domain": "领域",
    "Task": "任务", "Modality": "模态", "Language": "语言", "Genre": "体裁", "Training format": "训练格式",
    "Library": "库", "License": "许可", "License claims": "许可声明", "Who says it": "谁说的", "What is said": "内容",
    "Of": "范围", "Evidence": "证据", "Columns": "列", "Column": "列名", "Type": "类型", "Role": "角色", "Subset": "子集",
    "Where to get it": "获取地址", "Place": "位置", "Form": "形式", "Note": "备注", "The same dataset elsewhere": "同一数据集的其他位置",
    "Similar datasets": "相似数据集", "Ties to other datasets": "与其他数据集的关系", "Changes": "变更", "When": "时间",
    "What": "内容", "Before": "之前", "After": "之后", "Citation": "引用", "Sources of this page": "本页依据",
    "Commercial use": "商业使用", "Size band": "规模", "Number of rows": "行数", "The most used": "最常用",
    "Stage of training": "训练阶段", "Kind of task": "任务类型", "Search and filter them": "搜索与筛选",
    "the page there": "原页面", "Embedded catalog": "内置目录", "all of it": "全部", "the packaging": "打包方式",
    "the content": "内容", "the annotations": "标注", "the code": "代码",
    "Open": "公开", "Gated": "需授权", "Agreement": "需签协议", "On request": "需申请", "Disabled": "已停用",
    "Withdrawn": "已撤回", "Not offered": "不提供",
    "Commercial use: Yes": "商业使用：可商用", "Commercial use: No": "商业使用：不可商用",
    "Commercial use: With conditions": "商业使用：有条件", "Commercial use: Unknown": "商业使用：未知",
    "Made from": "源自", "Part of": "属于",
    "What you see here": "这里有什么", "Evidence.": "有据可查。", "Unknown stays unknown.": "未知就是未知。",
    "Nothing is tracked.": "不作任何跟踪。", "explains the parts of a page.": "说明页面的各个部分。",
    "Datasets for training language models: found in one search over several hubs, tagged with evidence, judged on whether they may be used commercially, compared side by side.":
      "用于训练语言模型的数据集：一次搜索多个平台，标签附有依据，判断能否商用，并可并排对比。",
    "Each tag names the rule that gave it and the words it rests on. Each license claim names who makes it.":
      "每个标签都写明所用的规则和所依据的原文；每条许可声明都写明由谁作出。",
    "A size that nobody states is empty, not 0. A license that nobody states permits nothing.":
      "无人说明的大小留空，而不是 0；无人说明的许可不等于允许。",
    "These are plain files; the search runs in your browser, and nothing is loaded from elsewhere.":
      "本站只有静态文件；搜索在您的浏览器中运行，不从别处加载任何内容。",
    "Catalog finds, judges and fetches datasets for training language models.": "Catalog 查找、评判并下载用于训练语言模型的数据集。",
  };

  /** Facts and lists, which are made of several parts. */
  const FACTS = [
    [/^at least /, "至少 "], [/^says (.*)/, "据 $1"], [/^First seen (.*)\./, "首次收录于 $1。"], [/^… and (\d+) more\./, "…… 另有 $1 列。"],
    [/^not listed by its source since /, "来源不再列出，自 "], [/^Training format: (.*)\./, "训练格式：$1。"], [/^checked by (\S+)/, "可用 $1 校验"],
    [/^All ([\d,]+) in the search/, "在搜索中查看全部 $1 个"], [/^([\d,]+) datasets\./, "共 $1 个数据集。"], [/^Datasets by (.)(.*)/, (_, first, rest) => `数据集，按${WORDS[first.toUpperCase() + rest] || first + rest}`],
    [/^Browse ([\d,]+) datasets/, "浏览 $1 个数据集"], [/^Search ([\d,]+) datasets/, "搜索 $1 个数据集"],
    [/^commercial use: yes/, "可商用"], [/^commercial use: no/, "不可商用"], [/^commercial use: conditions/, "有条件商用"], [/^license unknown/, "许可未知"],
    [/([\d.]+\w?) rows/, "$1 行"], [/([\d.]+\w?) downloads/, "$1 次下载"],
  ];

  /** Reasons of a verdict (catalog/license). */
  const REASONS = [
    [/^Conflict: /, "冲突："],
    [/^No license is stated/, "未说明许可"], [/: no license is stated/, "：未说明许可"],
    [/(?:The )?(.*?) places no condition on commercial use/, "$1 对商用不设条件"],
    [/(?:The )?(.*?) permits commercial use; attribution or its notice must be kept/, "$1 允许商用，须保留署名或其声明"],
    [/(?:The )?(.*?) permits commercial use; what is adapted from it must be shared alike/, "$1 允许商用，改编须以相同方式共享"],
    [/(.*?) permits commercial use of unchanged copies; adapted versions must not be shared/, "$1 允许原样商用，不得分享改编版本"],
    [/(.*?) permits commercial use within its use restrictions/, "$1 在其使用限制内允许商用"],
    [/(.*?) forbids commercial use/, "$1 禁止商用"], [/(?:The terms|(.*?)) permits? research use only/, "$1 只允许研究使用"],
    [/: research use only/, "：只允许研究使用"], [/: commercial use is forbidden/, "：禁止商用"],
    [/: commercial use is permitted; attribution or its notice must be kept/, "：允许商用，须保留署名或其声明"],
    [/: outputs of a commercial model, whose terms may forbid training competing models/, "：商业模型的输出，其条款可能禁止训练竞争模型"],
    [/: terms of their own, to be read before commercial use/, "：另有条款，商用前须阅读"],
    [/^Its parts have|: (?:its|the) parts have/, (found) => (found[0] === ":" ? "：各部分有" : "各部分有")], [/有 different licenses/, "不同的许可"],
    [/^The (\S+) label covers the (?:packaging|annotations); /, "标注的 $1 只涵盖打包方式；"],
    [/the text belongs to the authors of the pages/, "文本属于网页作者"], [/what the content's license is, nobody says/, "内容的许可无人说明"],
    [/the content belongs to its authors, and no license for it is stated/, "内容属于其作者，未说明许可"],
    [/access needs a signed agreement, whose terms decide/, "获取须签协议，以其条款为准"], [/access is granted on request, and its terms decide/, "获取须申请，以其条款为准"],
    [/^Withdrawn by its authors/, "已由作者撤回"], [/declared by ([^)]*?), not verified/, "由 $1 声明，未经核实"], [/says ([^)]*)\)/, "据 $1)"],
    [/^Terms not known to the catalog/, "条款不为本目录所知"],
  ];

  const WHOLE = "h1:not(:has(+ .c-key)), #content h2, #content h2 > a, h3, dt, th, .c-bars a, td > span, button, .c-trail a, .c-facts dd > a, #content p > a, #content li, #catalog-home p > a, " +
    ".md-tabs__link, .md-ellipsis, .md-nav__title, .md-nav__link, .md-footer__direction, .md-skip, :has(> #catalog-home) > :is(h2, p), :has(> #catalog-home) > p > *";
  const MADE = "h1:not(:has(+ .c-key)), dd, small, .c-badge, .c-note, #content p > b, #content p > a";

  const put = (rules, text) => rules.reduce((left, [phrase, said]) => left.replace(phrase, said), text);

  const reason = (english) => WORDS[english] || put(REASONS, english);

  /** The text of an element in Chinese; "" where it is none of ours. */
  function chinese(text, parent) {
    if (parent.matches(".c-bars [title], .c-chips [title], td [title], .c-note [title]")) return parent.title;
    const english = text.replace(/\s+/g, " ").trim();
    if (parent.matches(".c-verdict, .c-verdict *")) return parent.title || reason(english);
    if (parent.matches("dt + dd") && /^(Access|获取方式)$/.test(parent.previousSibling.textContent)) return english.replace(/^[^-]*\w/, (label) => WORDS[label] || label);
    return (parent.matches(WHOLE) && WORDS[english]) || (parent.matches(MADE) && put(FACTS, english)) || "";
  }

  /** Everything of ours below an element. */
  globalThis.chinese = (root) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node; (node = texts.nextNode()); ) {
      const parent = node.parentElement;
      const text = node.data.trim();
      const said = text && !parent.closest("code, pre, script, noscript, span[lang=zh]") && chinese(text, parent);
      if (!said || said === text) continue;
      node.data = node.data.replace(text, () => said);
      parent.lang = "zh";
    }
    for (const name of ["title", "placeholder", "aria-label"]) {
      for (const each of root.querySelectorAll(`[${name}]`)) {
        const text = each.getAttribute(name);
        const said = WORDS[text] || (each.matches("#catalog-home input") && put(FACTS, text));
        if (said) each.setAttribute(name, said);
      }
    }
  };
  globalThis.chinese.reason = reason;
  globalThis.chinese(document.body);
})();
