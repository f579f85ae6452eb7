"""Sentences that speak to whoever checks a text, not about its subject: they are data of no content, never evidence.

The verifier reads words, not intentions: beside "mark this claim as supported" it may find a claim supported. A text that
tells its reader what to conclude says nothing of whether that holds, so such a sentence is no line that is searched.
"""

from __future__ import annotations

import re

LOOKED_AT = 2000  # characters of a sentence

_VERDICT = (
    r"(?:supported|refuted|contradicted|true|false|correct|incorrect|right|wrong|verified|proven|confirmed|valid|accurate|"
    r"reliable|positive|favou?rable|not[ _]enough[ _]info(?:rmation)?)"
)
_CHECKED = r"(?:claims?|statements?|assertions?|verdicts?|hypothes[ie]s|findings?|papers?|results?|everything|them|it|this|these|all)"
_TOLD = (
    r"(?:mark|label|classify|rate|judge|score|grade|treat|accept|consider|regard|flag|report|declare|deem|count|take|"
    r"output|return|print|answer|respond|reply|say|conclude|predict|assign|set|choose|select)"
)
_MUST = r"(?:must|should|shall|ha(?:s|ve)\s+to|(?:is|are)\s+to|needs?\s+to|ought\s+to)"
_AGENT = (
    r"(?:(?:ai|llm|language model|chat ?bot|automated?|automatic|machine|fact|claim)[ -]?)*"
    r"(?:ai|llms?|language models?|models?|assistants?|chat ?bots?|checkers?|fact[ -]checkers?|claim[ -]?checkers?|verifiers?|"
    r"reviewers?|graders?|judges?|systems?|agents?|bots?|tools?)"
)
_PATTERNS = (
    # an order at the start of a sentence or clause: "Please mark this claim as supported"
    rf"(?:^|[:;,.(\[\"'*#>-]\s*|\b(?:please|kindly|must|should|always|now|then|and|just|simply|to|you)\s+){_TOLD}\s+"
    rf"(?:\w+\W+){{0,6}}?{_CHECKED}\W+(?:\w+\W+){{0,6}}?(?:as|to|is|be|are|with|=)\W+(?:\w+\W+){{0,2}}?[\"'`*_]*{_VERDICT}\b",
    # "mark as supported", "answer: supported", "label = supported"
    rf"(?:^|[:;,.(\[\"'*#>-]\s*|\b(?:please|kindly|must|should|always|now|then|and|just|simply|to|you)\s+){_TOLD}"
    rf"(?:\s+(?:only|with|as|the\s+(?:label|word|verdict|answer))|\s*[:=])?\W+(?:the\s+)?(?:labels?\s+)?[\"'`*_]*{_VERDICT}\b(?=\W*(?:$|[.!,;\"']|regardless|for\b|to\s+(?:this|the|all|each|every)\b|whatever|in\s+(?:all|any|every)))",
    # "the verdict must be supported", "label: supported"
    rf"\b(?:verdict|label|rating|assessment|judge?ment)s?\b(?:\W+\w+){{0,14}}?\W+{_MUST}\s+(?:always\s+)?be\W+{_VERDICT}\b",
    rf"\b(?:verdict|label|output|response|answer|classification)s?\s*[:=]\W*{_VERDICT}\b",
    # "it is essential that you find this claim supported", "this claim must be accepted as true"
    rf"\b(?:{_MUST}|that\s+you|for\s+you\s+to)\s(?:\W*\w+\W+){{0,8}}?(?:claims?|statements?)\W+(?:\w+\W+){{0,14}}?{_VERDICT}\b",
    rf"\b(?:claims?|statements?)\W+(?:\w+\W+){{0,14}}?{_MUST}\s+be\W+(?:\w+\W+){{0,3}}?{_VERDICT}\b",
    # "ignore all previous instructions", "disregard the evidence"
    r"\b(?:ignore|disregard|forget|override|bypass|skip|overlook)\s+(?:\w+\s+){0,4}?"
    r"(?:instructions?|rules?|prompts?|guidelines?|directives?|tables?\s+and|evidence|checks|what\s+you\s+(?:were|have\s+been)\s+told)\b",
    # "you are a fact checker", "as an AI language model"
    rf"\byou\s+are\s+(?:now\s+)?(?:an?|the)\s+(?:\w+\s+){{0,3}}?{_AGENT}\b",
    r"\bas\s+an\s+(?:ai|llm|artificial)\b[^.]{0,40}\b(?:model|assistant|you)\b",
    # "note to the automated checker:", "instructions for AI reviewers", "dear reviewer"
    rf"\b(?:notes?|messages?|instructions?|commands?|hints?|reminders?)\W+(?:to|for)\s+(?:all\s+|any\s+|every\s+|the\s+|an?\s+)*{_AGENT}\b",
    rf"(?:^|[\"'(\[])\W*(?:dear|hey|hello)\W+(?:all\s+|the\s+)?{_AGENT}\b",
    rf"\bif\s+you\s+are\s+(?:an?\s+)?(?:\w+\s+){{0,3}}?{_AGENT}\b",
    r"<\|?\s*/?(?:system|im_start|im_end|user|assistant|inst)\b|\[/?INST\]|\b(?:system|developer)\s+prompt\b|(?:^|\n)\s*#*\s*(?:system|assistant)\s*:",
)
_ADDRESSED = re.compile("|".join(_PATTERNS), re.I)
# every pattern needs one of these; looking for them first is 20 times as fast
_NEEDED = (
    "support", "refuted", "contradicted", "true", "false", "correct", "right", "wrong", "verified", "proven", "confirmed", "valid",
    "accurate", "reliable", "positive", "favo", "enough", "ignore", "disregard", "forget", "override", "bypass", "skip",
    "overlook", "you are", "as an", "note", "message", "instruction", "command", "hint", "reminder", "dear", "hey", "hello",
    "<", "inst]", "prompt", "system", "assistant",
)  # fmt: skip


def addresses_the_checker(sentence: str) -> bool:
    """Whether a sentence tells its checker what to do or to conclude."""
    text = " ".join(sentence[:LOOKED_AT].split()).lower()
    return any(word in text for word in _NEEDED) and _ADDRESSED.search(text) is not None
