"""The second extractor: patterns that know a claim by its words, and those that know a sentence that claims nothing.

A claim's words are a result's number, a comparison, an achievement, a change, a trend, a cause, a first, a finding or a
contribution. They owe nothing to the trained head, so that what the two find can be held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimcheck.claims.parts import MAIN_PARTS, Part
from claimcheck.foundation.records import Quantity

# where a paper says what it contributes
_CONTRIBUTING: frozenset[Part] = frozenset({"abstract", "introduction", "conclusion"})


def is_result(q: Quantity) -> bool:
    """Whether a quantity looks like a measured result, and not like a size or a year."""
    return q.role in ("delta", "relative", "ratio", "count") or (
        q.role == "value" and (q.decimals > 0 or bool(q.unit or q.metric))
    )


def results_of(text: str, quantities: Sequence[Quantity]) -> list[Quantity]:
    """The result quantities of a sentence; levels of significance ("p < 0.05") and numbers of sections are none."""
    return [q for q in quantities if is_result(q) and not _NO_RESULT.search(text[: q.span[0]])]


def matches_patterns(text: str, quantities: Sequence[Quantity], part: Part = "other", own: bool = False) -> bool:
    """Whether the patterns take a sentence for a claim."""
    if _states_a_number(text, quantities):
        return True
    if part in MAIN_PARTS and own:
        return True  # what an abstract or a conclusion says of the own work, it asserts
    # what the field has found, and how a method works, sounds the same as a finding
    aside = part in ("related", "other")
    if not own and (part == "related" or part in _CONTRIBUTING):
        return False
    if _COMPARES.search(text):
        return True
    if aside:
        return own and any(p.search(text) for p in (_FIRST, _FINDS))
    if any(p.search(text) for p in (_ACHIEVES, _CHANGES, _TREND, _CAUSE, _FIRST, _FINDS)):
        return True
    return own and part in _CONTRIBUTING and bool(_CONTRIBUTES.search(text))


def _states_a_number(text: str, quantities: Sequence[Quantity]) -> bool:
    return bool(results_of(text, quantities)) and bool(_RESULT_WORD.search(text))


def says_nothing_checkable(text: str, quantities: Sequence[Quantity] = (), *, main: bool = False) -> bool:
    """Whether a sentence only asks, announces, points to a table, hopes, tells a set-up or leaves it to the future.

    `main`: it is told of the own work in abstract or conclusion. There an analysis that is offered is worth a row, and a
    set-up that gives a number; a learning rate elsewhere is none.
    """
    if text.rstrip().endswith(("?", ":")) or _THANKS.search(text):
        return True
    # a set-up states no change: "at a learning rate of 0 the gain still amounts to 17.1 points" does
    outcome = any(q.role in ("delta", "relative") for q in quantities) or bool(_COMES_OUT.search(text))
    if not (main and quantities) and _SETS_UP.search(text) and not (outcome or _OFFERS.search(text)):
        return True
    if _STEP.search(text) and not (_OUTCOME.search(text) or _OFFERS.search(text)):
        return True
    if _ASKS_BY_DOING.search(text) or (not main and _ANALYSES.search(text) and not _HAPPENS.search(text)):
        return True
    if _states_a_number(text, quantities):
        return False
    if not (_HAPPENS.search(text) or _OFFERS.search(text)) and (_ANNOUNCES.search(text) or _POINTS_TO.search(text)):
        return True
    if main and _HYPOTHESIS.search(text):
        return False
    return bool(_FUTURE.search(text) or _BELIEVES.search(text)) and not _asserts(text)


def _asserts(text: str) -> bool:
    """Whether a sentence states an outcome before it comes to a hope, so that the hope is not all it says."""
    said = [m.start() for m in (_OUTCOME.search(text), _OFFERS.search(text)) if m]
    hoped = [m.start() for m in (_FUTURE.search(text), _BELIEVES.search(text)) if m]
    return bool(said) and (not hoped or min(said) < min(hoped))


# what stands before a number that is no result: a level of significance, a section
_NO_RESULT = re.compile(
    r"\bp(?:[- ]?values?)?\s*(?:[<>=≤≥]|of|less\s+than|below)\s*$|\bsignifican\w+\s+(?:level\s+)?(?:at|of)\s*$"
    r"|\b(?:sub-?)?(?:sections?|tables?|figures?|eqs?\.)\s*(?:[\d.]+\w?\s*(?:,|and|or|to|-|–)\s*)*$",
    re.I,
)
_RESULT_WORD = re.compile(
    r"\b(?:achiev|obtain|reach|attain|yield|scor|outperform|underperform|surpass|exceed|beat|improv|increas|decreas|fall|fell"
    r"|ris(?:e|es|ing)\b|rose|grow|averag|exact\s+match|map\b|mrr|las\b|uas\b|lower|reduc|drop|gain|boost|degrad|better|worse"
    r"|higher|best|worst|highest|lowest|state[- ]of[- ]the[- ]art|accuracy|f1|f-?score|bleu|rouge|perplexity|error|precision"
    r"|recall|points?|result|perform|faster|slower|speed|fewer|correct|agreement|correlat)",
    re.I,
)
_COMPARES = re.compile(
    r"\b(?:second|third)[- ](?:best|highest|lowest)\b|\b(?:outperform|underperform|surpass|exceed(?:s|ed)?\b)"
    r"|\b(?:better|worse|higher|lower|faster|slower|larger|smaller|easier|harder|simpler|superior|inferior|stronger|weaker)\s+"
    r"(?:[\w-]+\s+){0,4}?(?:than|to)\b|\b(?:more|less|fewer)\s+(?:[\w-]+\s+){1,3}?than\b"
    r"|\bstate[- ]of[- ]the[- ]art\s+(?:results?|performances?|accurac)|\bperform\w*\s+(?:the\s+)?(?:best|worst)\b"
    r"|\b(?:best|worst|highest|lowest)\s+(?:[\w-]+\s+){0,3}?(?:results?|performances?|accurac\w+|scores?|f1|bleu|quality|error\w*|gains?)\b"
    r"|\bconsistent(?:ly)?\s+(?:improve|gain|outperform|better)|\b(?:does|do|did)\s+not\s+(?:improve|benefit|help|gain|hurt)"
    r"|\b(?:improv|benefit)\w*\s+(?:from|over|upon)\b|\b(?:on\s+par|comparable|competitive)\s+(?:with|to)\b"
    r"|\b(?:adding|removing|using|without)\s+(?:[\w-]+\s+){1,4}?(?:also\s+)?(?:improv|hurt|reduc|lower|degrad|increas|help)\w*"
    r"|\b(?:twice|half|times|almost|nearly|just|at\s+least)\s+as\s+(?!well\b|long\b|soon\b|far\b)[a-z-]+\s+as\b"
    r"|\bthe\s+same\s+(?:[\w-]+\s+)?(?:accurac\w+|performance|results?|scores?|quality)\s+as\b"
    r"|\balso\s+(?:improves?|reduces?|lowers?|increases?)\b|\brank(?:s|ed)?\s+(?:first|second|third|\d)",
    re.I,
)
_GOOD = (
    r"(?:state[- ]of[- ]the[- ]art|competitive|comparable|promising|strong|robust|good|great|best|better|higher|high|lower|new|"
    r"superior|significant|substantial|considerable|notable|consistent|large|small|near\w*|excellent|impressive|similar|poor\w*|record)"
)
_ACHIEVES = re.compile(
    rf"\b(?:achiev|obtain|reach|attain|yield|produc|deliver|provid|offer|show|giv|bring|lead|result|set|has|have|had)\w*\s+(?:up\s+|in\s+|to\s+|us\s+)?"
    rf"(?:[\w,/-]+\s+){{0,3}}?{_GOOD}\b(?:[\s,/-]+\w[\w/-]*){{0,4}}?\s+(?:results?|performances?|accurac\w+|scores?|gains?|improvements?|"
    rf"benefits?|speed-?ups?|quality|generali[sz]ation|effectiveness|rewards?|f1|records?|state)\b"
    r"|\bperforms?\s+(?:[\w-]+\s+){0,2}?(?:well|poorly|competitively|comparably|similarly|badly|worse|better)\b"
    r"|\b(?:is|are|proves?|proved|turns?\s+out)\s+(?:to\s+be\s+)?(?:[\w-]+\s+){0,2}?(?:crucial|critical|essential|effective|efficient|beneficial|helpful|"
    r"useful|robust|complementary|sufficient|necessary|detrimental|harmful|superior|inferior|competitive|comparable|applicable|capable)\b"
    r"|\b(?:win|won|wins)\s+(?:the\s+)?\w+",
    re.I,
)
_CHANGES = re.compile(
    r"\b(?:improv|decreas|degrad|hurt|help|reduc|increas|boost|lower|rais|enhanc|affect)\w*\s+(?:[\w-]+\s+){0,4}?"
    r"(?:performances?|accurac\w+|results?|scores?|f1|bleu|quality|errors?|perplexity|substantially|significantly|considerably|consistently)\b"
    r"|\b(?:perform|work|did|do|fare)\w*\s+(?:[\w-]+\s+){0,2}?(?:well|poorly|similarly)\b|\bscores?\s+(?:is|are|was|were)\s+(?:\w+\s+)?(?:low|high)"
    r"|\bcontribut\w+\s+(?:[\w-]+\s+){0,2}?to\b|\bmakes?\s+an?\s+(?:[\w-]+\s+){0,2}?(?:contribution|difference)\b",
    re.I,
)
_TREND = re.compile(
    r"\bas\s+(?:[\w-]+\s+){1,6}?(?:increas|grow|decreas|shrink|gets?\b|becom)\w*|\b(?:increas|decreas|improv|degrad|drop|grow|rise|fall|declin)\w*\s+"
    r"(?:[\w-]+\s+){0,2}?(?:with|as|when|linearly|monotonically|steadily|sharply|rapidly|quickly|gradually|significantly|dramatically|considerably|substantially)\b"
    r"|\b(?:sharp|steady|drastic|dramatic|significant|substantial|considerable|slight|large|small|marginal|notable|further)\s+"
    r"(?:increase|decrease|drop|improvement|reduction|decline|gain|boost|degradation)s?\b|\bthe\s+more\b[^.]{3,80},\s+the\b",
    re.I,
)
_EVALUATED = r"(?:performance|accuracy|results?|improv\w*|gains?|errors?|better|worse|higher|lower|drop|boost|degrad\w*|quality|scores?|f1|generali[sz]\w*)"
_CAUSE = re.compile(
    rf"\b(?:because|due\s+to|thanks\s+to|owing\s+to|leads?\s+to|led\s+to|leading\s+to|results?\s+in|resulting\s+in|contribut\w+\s+to)\b[^.]{{0,60}}?\b{_EVALUATED}\b"
    rf"|\b{_EVALUATED}\b[^.]{{0,40}}?\b(?:is|are|comes?|stems?|results?|mainly|mostly|partly)\b[^.]{{0,20}}?\b(?:because|due\s+to|thanks\s+to|from)\b"
    r"|\b(?:helps?|helped|hurts?|enables?|allows?)\s+(?:(?:to|the|our|us|model|models|performance|overall|a)\s+){0,3}?(?:improv|performance|generali[sz]|learn|achiev|outperform|captur)\w*"
    r"|\b(?:play\w*\s+an?\s+\w+\s+role|importance\s+of|effectiveness\s+of|usefulness\s+of|utility\s+of|no\s+effect|little\s+effect|strong\s+effect)\b",
    re.I,
)
_FIRST = re.compile(
    r"\bthe\s+first\s+(?:[\w-]+\s+){0,4}?(?:to|that|which|of\s+its\s+kind|successful\w*|large)\b|\bto\s+(?:the\s+best\s+of\s+)?our\s+knowledge\b"
    r"|\bno\s+(?:previous|prior|existing|other)\s+\w+|\b(?:has|have)\s+(?:never|not)\s+been\s+\w+|\b(?:publicly|freely|openly)\s+(?:available|released?)\b"
    r"|\b(?:we|have)\s+(?:\w+\s+)?(?:release|released|publish|open-?source[d]?|make\s+\w+(?:\s+\w+){0,4}?\s+available)\b",
    re.I,
)
_FINDS = re.compile(
    r"\b(?:we|i|experiments?|results?|analys[ei]s|evaluations?|studies|study|comparisons?|experimentation|findings?|ablations?|"
    r"visuali[sz]ations?|discussions?|inspection|examination|\d|this|it|which)\s+(?:(?:also|further|first|clearly|empirically|then|have|has|can|been|[\w-]+ly|"
    r"and\s+\w+)\s+)*(?:show|find|found|see\b|demonstrat|observ|reveal|confirm|indicat|suggest|prov|conclud|verif|illustrat|argu|establish|not(?:e|ed)\b)\w*\s+(?:[\w-]+\s+){0,3}?"
    r"(?:that|how|the\s+(?:effectiveness|importance|benefit|advantage|superiority|utility|usefulness|strength|value|efficacy|power))\b"
    r"|\band\s+(?:find|found|observed?|show|showed)\s+that\b"
    r"|\bit\s+(?:is|was)\s+(?:shown|found|observed|demonstrated|possible|not\s+possible|clear)\s+(?:that|to)\b",
    re.I,
)
_CONTRIBUTES = re.compile(
    r"\b(?:we|this\s+(?:paper|work|article|study))\s+(?:\w+\s+){0,2}?"
    r"(?:propos|introduc|present|develop|releas|creat|design|construct|contribut|build|built|collect|extend)\w*",
    re.I,
)
# an outcome that a sentence about the set-up goes on to tell
_COMES_OUT = re.compile(
    r"\b(?:outperform|underperform|surpass)|\b(?:and|which|that|can|then)\s+(?:\w+\s+){0,2}?(?:find|found|show|achiev|improv|obtain\w*\s+(?:[\w,-]+\s+){0,3}?"
    r"(?:state|better|competitive|strong|good|comparable|significant)|gives?|yield|leads?|reduc|increas|help|hurt|degrad|observ)|\bby\s+(?:\w+\s+){0,2}\d[\d.]*\s*(?:%|points?|percent|F1|BLEU|times)|\b(?:better|worse|higher|lower|larger|smaller|more|fewer|less|simpler)\b[^.]*\bthan\s+(?!\d)"
    r"|state[- ]of[- ]the[- ]art\s+(?:result|performance|accurac)|\b(?:show|find|found|demonstrat|observ)\w*\s+that\b",
    re.I,
)
# a contribution offered as new
_OFFERS = re.compile(
    r"\b(?:[Ww]e|paper|work|article)\s+(?:\w+\s+){0,2}?(?:propos(?!\w*\s+to\s+(?:train|evaluate|test|use)\b)|introduc|present|releas|highlight)\w*|\bnovel\b|\bfirst\s+time\b"
    r"|\bnew\s+(?:[\w-]+\s+){0,4}?(?:model|method|approach|architecture|dataset|data|corpus|algorithm|framework|technique|task|benchmark|baseline|system)\b"
)
# an outcome that happens, and is not only the object of a table ("lists the best results")
_HAPPENS = re.compile(
    r"\b(?:outperform|underperform|surpass|exceed|achiev|attain|improves?\b|improved\b|(?:show|find|found|demonstrat|observ|reveal|confirm|indicat|conclud|suggest|prov|see)\w*\s+"
    r"(?:[\w-]+\s+){0,3}?(?:that|how\s+(?!to\b))|\bthan\b|increas(?:es|ed)\b|decreas(?:es|ed)\b|reduc(?:es|ed)\b|drops?\b|dropped|yields?\b|leads?\s+to|perform(?:s|ed)?\s+(?:[\w-]+\s+){0,2}?"
    r"(?:well|better|worse|best|poorly|compar|compet)|(?:is|are|was|were)\s+(?:[\w-]+\s+){0,2}?(?:better|worse|higher|lower|faster|slower|best|effective|significant|competitive|comparable|robust)"
    r"|showing\s+(?:[\w-]+\s+){0,3}?(?:better|strong|promising|good|competitive|significant|consistent|improve)|and\s+(?:achiev|obtain|find|found|observ)\w*|by\s+\d|\d(?:\.\d+)?\s?%)",
    re.I,
)
# an outcome: the words that say how something came out
_OUTCOME = re.compile(
    r"\b(?:outperform|underperform|surpass|achiev\w+\s|improves?\b|improved\b|(?:show|find|found|demonstrat|observ|reveal|confirm|indicat|conclud|suggest)\w*\s+"
    r"(?:[\w-]+\s+){0,3}?(?:that|how\s+(?!to\b))|better|worse|higher|lower|faster|slower|best|state[- ]of[- ]the[- ]art|increas|decreas|reduc(?:es|ed)|drops?\b|gains?\b|"
    r"effective|significant|consistent|competitive|comparable|robust|successful|fails?\b|first\s+to\b|performs?\b|enough\s+to|sufficient|by\s+\d|\d+(?:\.\d+)?\s?%)",
    re.I,
)
_THANKS = re.compile(
    r"\bgrateful\b|\bwe(?:\s+would|['’]d)?\s+(?:like\s+to\s+)?thank\b|\b(?:was|is)\s+(?:partially\s+|partly\s+)?supported\s+by\b",
    re.I,
)
_FUTURE = re.compile(
    r"\bfuture\s+(?:work|research|direction|stud)|\bin\s+(?:the\s+)?future\b|\bwe\s+(?:also\s+)?(?:plan|hope|intend|aim|wish|would\s+like|expect|leave|will\s+(?!see\b)\w+)\b"
    r"|\b(?:remains?|left)\s+(?:\w+\s+)?(?:to\s+be|for|as|an\s+open|open|unclear|unanswered)\b|\bnot\s+yet\s+clear\b|\b(?:topic|subject|matter|question)\s+(?:for|of)\s+(?:another|future|later|further)\b|\b(?:beyond|outside)\s+the\s+scope\b|\bwill\s+be\s+(?:\w+\s+)?(?:investigated|explored|studied|released|added|interesting)"
    r"|\b(?:another|an|one)\s+(?:interesting|promising|important|possible|potential)\s+(?:direction|avenue|extension|question|line)"
    r"|\b(?:can|could|may|might)\s+be\s+(?:further|extended|improved|explored|applied)\b|\bpotential\s+directions?\b|\bit\s+(?:would|will)\s+be\b|\bdefer\b|\bexcited\s+about\b|\bresearch\s+goals?\b|\b(?:is|are|was)\s+(?:not\s+only\s+)?aim(?:s|ed|ing)?\b",
    re.I,
)
_ANNOUNCES = re.compile(
    r"\b[Ww]e\s+(?:\w+\s+)?(?:investigate|study|examine|explore|analy[sz]e|evaluate|compare)d?\s+(?:the|how|whether|what|if)\b"
    r"|\b(?:is|are|was|were)\s+(?:\w+\s+)?evaluated\s+(?:on|using|with|by|in)\b|^(?:(?:This|The|Our)\s+(?:paper|work|article|section|study)\s+(?:also\s+)?(?:stud|investigat|examin|explor|discuss|report|address|is\s+organi|is\s+structured)\w*"
    r"|[Ww]e\s+(?:\w+ly\s+)?(?:conclude|close|end)\s+(?:the|this|our)\s+(?:paper|section|work|article)|(?:In|For|Within)\s+(?:this|the\s+(?:following|next|rest))\s+(?:[Ss]ection|[Ss]ub-?[Ss]ection|appendix|part|paragraph)\b"
    r"|(?:(?:\w+ly|Then|Next|Now|First|Second|Third|Here|Also|Therefore|Thus|Hence|So|Moreover|Furthermore|In\s+addition|To\s+this\s+end|For\s+\w+|In\s+our\s+\w+|In\s+this\s+\w+),?\s+)*"
    r"[Ww]e\s+(?:(?:also|then|now|next|first|further|only|\w+ly|will)\s+)*"
    r"(?:describe|discuss|evaluate|evaluated|conduct|conducted|perform|performed|compare|compared|investigate|investigated|analy[sz]ed?|examined?|stud(?:y|ied)|"
    r"report|reported|provide|tested|test|experiment|experimented|explored?|measured?|var(?:y|ied)|consider|considered|focus|review|illustrate|visuali[sz]ed?|list|summari[sz]e|"
    r"give|look|draw|turn|begin|start|refer|follow|followed|run|ran|show\s+(?:the|our|some|an?)\s+(?:results?|performance|examples?|comparison|distribution|effects?))\b)"
)
# a step of a method: what comes first, then and at last
_STEP = re.compile(
    r"^(?:Given|First|Firstly|Second|Secondly|Next|Then|After|Finally|Lastly|In\s+each|For\s+each|At\s+each)\b[^.]*\b(?:(?:we|model|network|system|layer|module)\s+(?:\w+\s+){0,2}?"
    r"(?:encod|match|aggregat|comput|feed|fed|utili[sz]|appl|predict|concatenat|combin|get|obtain|extract|generat|read|select|pass|fill)\w*"
    r"|(?:is|are)\s+(?:then\s+)?(?:made|utili[sz]ed|employed|applied|computed|fed|matched|used|combined|aggregated|passed|encoded|generated|selected|extracted))\b"
)
# "To see whether ..., we compare ...": what came out is told elsewhere
_ASKS_BY_DOING = re.compile(
    r"^(?:\w+,\s+)?(?:To|In\s+order\s+to|Because|Since|For|Due\s+to)\b[^;]{5,200}?,\s+we\s+(?:(?:also|then|first|further|\w+ly)\s+)*"
    r"(?:compare|compared|evaluate|evaluated|study|studied|investigate|examine|examined|re-?implement|re-?implemented|test|tested|conduct|conducted|perform|performed|"
    r"run|ran|report|visuali[sz]ed?|plot|plotted|analy[sz]ed?|extend|extended|replace|replaced|build|built|(?:did|do)\s+not\s+\w+|only\s+\w+)\b(?!.*\b(?:find|found|shows?\s+that|showing|observ|achiev|see\s+that|outperform)\w*)"
    r"|\bcontributions?\s+(?:of\s+this\s+\w+\s+)?(?:is|are|in)\s+(?:as\s+follows|(?:two|three|four)\W?\s?folds?|summari[sz]ed)|\b(?:our|following)\s+contributions\s*:?$",
    re.I,
)
_ANALYSES = re.compile(
    r"\b[Ww]e\s+(?:\w+\s+){0,2}?(?:present|provid|giv|offer|includ|perform|conduct)\w*\s+(?:[\w-]+\s+){0,4}?(?:analys[ei]s|ablations?|comparisons?|overview|"
    r"discussion|visuali[sz]ations?|examples?|case\s+stud\w+|experiments?|results?)\b|^Recall\s+that\b|\bmotivation\s+(?:is|was|for|behind)\b|\bwe\s+experiment(?:ed)?\s+(?:with|on)\b"
)
_POINTS_TO = re.compile(
    r"^(?:As\s+\w+\s+in\s+)?(?:(?:The\s+|This\s+)?(?:(?:left|right|top|bottom|first|last|upper|lower)\s+\w+\s+of\s+)?(?:[Tt]ables?|[Ff]igures?|Fig\.|[Ss]ection|Appendix|Algorithm|Listing|Example)\s*~?\d*[\w.()]*(?:\s*(?:and|,|-|–)\s*(?:Table\s+|Figure\s+)?\d+\w*)*(?:\s*\(\w+\))?)\s+"
    r"(?:also\s+|further\s+|then\s+)?(?:shows?|reports?|lists?|presents?|summari[sz]es?|gives?|illustrates?|compares?|contains?|describes?|depicts?|displays?|provides?|details?|visuali[sz]es?|outlines?|plots?|includes?|is|are)\b"
    r"|\b(?:results?|performances?|scores?|comparisons?|numbers|details|statistics|examples?|values|settings|experiments?|ablations?|hyper-?parameters?|variations?|approaches|datasets?)\b[^.]{0,100}?\b(?:is|are|were|can\s+be)\s+(?:also\s+|all\s+)?"
    r"(?:shown|reported|listed|presented|summari[sz]ed|given|displayed|found|illustrated|provided|seen|described|depicted|exhibited|tabulated|detailed)\s+(?:in|on|at|below|above|as)\b"
    r"|\b(?:is|are)\s+(?:provided|given|shown|listed|reported|described|included|available)\s+in\s+(?:the\s+|our\s+)?(?:supplement|appendi|table|figure|section)|\b(?:see|cf\.)\s+(?:Tables?|Figures?|Fig\.|Section|Appendix)\b"
)
# what a paper sets out to test is a claim of its abstract and conclusion; elsewhere it explains a result by guessing
_HYPOTHESIS = re.compile(r"\b(?:we|our)\s+(?:\w+\s+){0,2}?hypothesi[sz]\w+\s+that\b", re.I)
_BELIEVES = re.compile(
    r"\b(?:we|I)\s+(?:also\s+|therefore\s+|thus\s+|strongly\s+|\w+ly\s+)?(?:believe|hope|conjecture|hypothesi[sz]e|speculate|expect|suspect|think|assume|want(?!\s+to\s+(?:highlight|note|stress|emphasi))|wonder)\b"
    r"|^(?:Perhaps|Maybe|Possibly)\b|\b(?:could|might|may)\s+(?!not\b)\w+|\bwould\s+(?:be|have|also|help|benefit|lead|provide|allow)\b",
    re.I,
)
_SETS_UP = re.compile(
    r"^(?:[^,]{0,60},\s+)?[Ww]e\s+(?:(?:also|then|now|first|further|only|simply|\w+ly)\s+)*(?:use|used|train|trained|set|choose|chose|chosen|select|selected|adopt|adopted|employ|employed|"
    r"apply|applied|initiali[sz]ed?|compute|computed|calculate|tune|tuned|optimi[sz]ed?|implement|implemented|fix|fixed|define|denote|let|feed|keep|kept|take|took|add|added|remove|removed|split|sample|sampled|"
    r"normali[sz]ed?|update|updated|stop|stopped|minimi[sz]e|maximi[sz]e|cut|replace|replaced|concatenate|obtain\s+the|divide|ignore|pre-?train|fine-?tune|follow|followed|limit|limited|pick|picked|note\s+that)\b"
    r"|\b(?:dropout\s+(?:rate|of|probability)|learning\s+rate|batch\s+size|mini-?batch|hidden\s+(?:size|units?|dimension\w*)|is\s+(?:defined|computed|calculated|denoted|set|initiali[sz]ed|trained)\b|"
    r"are\s+(?:defined|computed|calculated|denoted|set|initiali[sz]ed|trained|optimi[sz]ed|fed|concatenated)\b|(?:is|are)\s+(?:also\s+)?(?:fed|passed|tuned|used\s+(?:to|as|for))|\b[Ww]e\s+do\s+not\s+(?:update|tune|use|train)\b)",
)
