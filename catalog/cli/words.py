"""What search, facets and show say, in Chinese: English is written where it is said, this is its other half.

The language is `CATALOG_UI` (which `catalog --ui zh` sets), else that of the locale. JSON, CSV and keys never change.
"""

from __future__ import annotations

import os

VARIABLE = "CATALOG_UI"
LANGUAGES = ("en", "zh")

CHINESE = {
    # headings
    "dataset": "数据集",
    "title": "标题",
    "domain": "领域",
    "task": "任务",
    "commercial": "商用",
    "license": "许可证",
    "lang": "语言",
    "language": "语言",
    "modality": "模态",
    "rows": "行数",
    "size": "大小",
    "term": "词条",
    "count": "数量",
    "label": "英文",
    "group": "分组",
    "aliases": "别名",
    "facet": "分面",
    "in use": "在用",
    "terms": "词条数",
    "most": "最多",
    "rule": "规则",
    "rests on": "依据",
    "sure": "把握",
    "source": "来源",
    "datasets": "数据集",
    "last run": "上次运行",
    "status": "状态",
    "new": "新增",
    "changed": "变更",
    "skipped": "跳过",
    # verdicts and access
    "yes": "可商用",
    "no": "不可",
    "conditions": "有条件",
    "unknown": "未知",
    "refused": "不提供",
    "withdrawn": "已撤回",
    # search
    "of fetch": "获取选项",
    "Options of {source}": "{source} 的选项",
    "Read as: {terms}. Search the words alone with --exact.": "理解为：{terms}。只按字面搜索请加 --exact。",
    "Few hold every word; those without {word!r} follow.": "同时含有所有词的很少，其后是不含 {word!r} 的结果。",
    "or": "或",
    "not {term}": "排除{term}",
    "format": "格式",
    "genre": "体裁",
    "Few or none for {asked!r}; showing {shown!r}. Use --exact to search as typed.": (
        "{asked!r} 几乎没有结果，已改查 {shown!r}；按原样搜索请加 --exact。"
    ),
    "{first:,}-{last:,} of {total:,}.": "第 {first:,}-{last:,} 条，共 {total:,} 条。",
    "Next: --page {page}": "下一页：--page {page}",
    "1 dataset.": "共 1 个数据集。",
    "{total:,} datasets.": "共 {total:,} 个数据集。",
    "No more hits on this page.": "这一页没有结果了。",
    "Nothing found.": "没有找到。",
    "without {name}: {count:,}": "去掉 {name}：{count:,}",
    "with {name} as well: {count:,}": "加上 {name}：{count:,}",
    "The registry holds no datasets yet. Fill it with: catalog init": "数据目录还是空的。请先运行：catalog init",
    "nothing at all for {name}": "{name} 本身就没有结果",
    "Try fewer words, or list what there is with: catalog facets": "请减少词语，或查看有哪些分类：catalog facets",
    # facets
    "List the terms of one with: catalog facets domain": "查看其中一个的全部词条：catalog facets domain",
    # sources, runs, changes
    "run": "运行",
    "verb": "操作",
    "started": "开始",
    "finished": "结束",
    "took": "耗时",
    "unchanged": "未变",
    "message": "说明",
    "asked for": "请求内容",
    "requests": "请求数",
    "reason": "原因",
    "login": "登录",
    "address": "地址",
    "package": "软件包",
    "home": "网站",
    "set by": "设置变量",
    "option": "选项",
    "pages": "页数",
    "when": "时间",
    "change": "变更",
    "what": "内容",
    "name": "名称",
    "start": "起点",
    "note": "备注",
    "done": "完成",
    "stopped": "已停止",
    "failed": "失败",
    "running": "进行中",
    "interrupted": "被中断",
    "not begun": "未开始",
    "never": "从未",
    "found": "已找到",
    "not found": "未找到",
    "none": "无",
    "faulty": "有误",
    "broken": "损坏",
    "ok": "正常",
    "warn": "注意",
    "fail": "故障",
    "gone": "消失",
    "back": "恢复",
    "renamed": "改名",
    "bytes": "字节",
    "Nothing changed since {date}.": "自 {date} 起没有变更。",
    "Since {date}: {counts}.": "自 {date} 起：{counts}。",
    "The {count:,} datasets that the registry was made with are no change.": "建库时的 {count:,} 个数据集不算变更。",
    "There is more: --limit {limit}": "还有更多：--limit {limit}",
    "What one of them skipped, and why: catalog runs show {run}": "查看某次运行跳过了什么：catalog runs show {run}",
    # show
    "page": "主页",
    "by": "作者",
    "year": "年份",
    "tokens": "词元数",
    "access": "获取方式",
    "downloads": "下载量",
    "likes": "点赞数",
    "modified": "更新",
    "revision": "版本",
    "paper": "论文",
    "missing": "下架",
    "not listed by its source since {date}": "自 {date} 起来源不再列出",
    "also": "另见",
    "at least {amount}": "至少 {amount}",
    "Commercial use": "商业使用",
    "conflict": "冲突",
    "{who} says {what!r}": "{who} 称 {what!r}",
    "columns": "列",
    "… and {count} more": "…… 另有 {count} 列",
    "evidence": "证据",
    "The same dataset elsewhere:": "同一数据集的其他位置：",
    "If one is not the same: {command}": "若其中有误：{command}",
    "Fetch it with: {command}": "下载：{command}",
    "read from {syntax}": "读自 {syntax}",
    "Noted:": "备注：",
    "Why not more:": "未能得到更多的原因：",
}


def is_chinese() -> bool:
    """Whether to speak Chinese."""
    asked = os.environ.get(VARIABLE) or ""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        asked = asked or os.environ.get(name, "")
    return asked.lower().startswith("zh")


def said(english: str, **values: object) -> str:
    """A word or sentence in the language of the person, its `{fields}` filled in; English where we have no other."""
    text = CHINESE.get(english, english) if is_chinese() else english
    return text.format(**values) if values else text
