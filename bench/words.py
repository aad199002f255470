"""The words the generated corpus is made of: invented English-like words, two-character Chinese words, and words
planted in a known share of the rows.

A corpus of random letters has no near-twins and one of real words has no known frequencies; these are built of
syllables, drawn by rank with Zipf's law (the word of rank r with a probability that falls as 1/r).
"""

from __future__ import annotations

import random
from typing import Final

VOCABULARY: Final = 130_000
"""Distinct words of running text. Compound names and Chinese clauses bring twice as many tokens at a million rows."""

TWINS: Final = 0.4
"""Share of words that are made from another by one letter."""

CHINESE_VOCABULARY: Final = 6_000

PLANTED: Final[dict[int, tuple[str, ...]]] = {
    500: ("zqhalvano", "zqhalmeri", "zqhaltosu"),
    100: ("zqtenvaro", "zqtenmila", "zqtensodi"),
    10: ("zqcentaro", "zqcentimo", "zqcentulu"),
    1: ("zqmillaro", "zqmillemo", "zqmillusi"),
}
"""Rows of every thousand (exactly so in each thousand) that hold the word, and the words of that class."""


def listed(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


_COMMON = listed(
    "the of and a in to for dataset is data with from this on by are text that as an model contains each language "
    "training used can be or it we at which was set test examples questions train split not version sentences answer "
    "question based one all collection has annotations images tasks human more files columns was articles documents "
    "split benchmark created evaluation labels using news you size two include validation number into words new task "
    "also rows other between their multilingual source research paper web large results corpus speech audio code pairs "
    "generated category high license samples different quality context information entries format values domain real "
    "original has open social response user system knowledge instruction reviews name label public only both "
    "annotated across over collected than most every some after before within without under small first second"
)
_ONSETS = listed("b br c ch cl d dr f fl g gl gr h j k kr l m n p pl pr qu r s sc sh sk sl sp st str t th tr v w y z")
_NUCLEI = listed("a a e e i i o o u ai ea ee ou io")
_CODAS = ["", "", "", "", "l", "m", "n", "nd", "nt", "r", "rt", "s", "sk", "st", "t", "x"]

_CHINESE = listed(
    "数据 模型 训练 语言 中文 文本 对话 医疗 问答 指令 微调 奖励 评测 法律 金融 新闻 教育 代码 数学 推理 "
    "翻译 摘要 分类 情感 标注 语料 知识 图谱 实体 关系 抽取 阅读 理解 生成 检索 向量 语音 图像 视频 识别 "
    "合成 用户 评论 商品 推荐 社交 媒体 微博 百科 论文 期刊 学术 研究 报告 专利 合同 判决 案例 法规 政策 "
    "政府 公开 经济 股票 基金 银行 保险 交易 市场 企业 产品 服务 客服 电商 医院 患者 病历 诊断 症状 药物 "
    "治疗 临床 影像 基因 蛋白 化学 物理 生物 天文 地理 气象 环境 农业 能源 交通 汽车 航空 机器 学习 深度 "
    "神经 网络 算法 系统 平台 工具 接口 标准 质量 清洗 去重 过滤 筛选 采样 平衡 规模 领域 通用 专业 多轮 "
    "单轮 单元 章节 小学 中学 高考 考试 题目 答案 解析 选择 填空 作文 诗词 古文 文言 成语 词典 词语 句子 "
    "段落 篇章 主题 观点 立场 意图 槽位 安全 偏见 毒性 隐私 伦理 价值 人类 偏好 排序 比较 反馈 强化 策略 "
    "奖赏 环节 步骤 过程 结果 验证 测试 基准 指标 准确 召回 方言 口语 书面 普通 粤语 英语 日语 双语 平行 "
    "对齐 词汇 语法 句法 语义 词性 命名 时间 地点 人物 机构 事件 组织 历史 文化 音乐 电影 小说 故事 剧本 "
    "歌词 旅游 酒店 餐饮 美食 体育 足球 游戏 角色 扮演 动漫 宗教 哲学 心理 社会 人口 调查 统计 年鉴 网页 "
    "爬取 论坛 博客 邮件 字幕 弹幕 日志 查询 搜索 点击 行为 轨迹 传感 遥感 卫星 地图 三维 点云 表格 时序 "
    "异常 预测 聚类"
)


def latin_words() -> list[str]:
    """The words of running text, most frequent first. Short words are frequent, as in any language.

    Two words in five are another word with one letter more or changed, so that a misspelling has rivals.
    """
    chance = random.Random("catalog bench words")
    words = list(dict.fromkeys(_COMMON))
    known = set(words)
    while len(words) < VOCABULARY:
        twin = len(words) > 1_000 and chance.random() < TWINS
        word = _twin(chance, chance.choice(words)) if twin else _word(chance, len(words))
        if 3 <= len(word) <= 13 and word not in known:
            known.add(word)
            words.append(word)
    return words


def _word(chance: random.Random, rank: int) -> str:
    longest = 2 if rank < 3_000 else 3
    count = chance.randint(1 if rank < 1_000 else 2, longest)
    return "".join(chance.choice(_ONSETS) + chance.choice(_NUCLEI) + chance.choice(_CODAS) for _ in range(count))


def _twin(chance: random.Random, word: str) -> str:
    """The word with one letter more at its end, or one changed."""
    if chance.random() < 0.5:
        return word + chance.choice("sdyren")
    at = chance.randrange(1, len(word))
    return word[:at] + chance.choice("aeioulnrst") + word[at + 1 :]


def chinese_words() -> list[str]:
    """Two-character words, most frequent first: known ones, then their characters in other pairs."""
    chance = random.Random("catalog bench chinese")
    words = dict.fromkeys(_CHINESE)
    while len(words) < CHINESE_VOCABULARY:
        words.setdefault(chance.choice(_CHINESE)[0] + chance.choice(_CHINESE)[1])
    return list(words)


def planted_in(block: int) -> list[list[str]]:
    """The planted words of each of the thousand rows of a block."""
    rows: list[list[str]] = [[] for _ in range(1000)]
    for per_thousand, words in PLANTED.items():
        for word in words:
            for row in random.Random(f"{word} {block}").sample(range(1000), per_thousand):
                rows[row].append(word)
    return rows
