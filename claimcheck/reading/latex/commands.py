"""What the reader knows of LaTeX's own commands: how they take arguments and which of them are shown.

A signature is a string: "m" a mandatory argument, "o" an optional one in brackets, "s" a star, "p" one in parentheses,
"v" and "r" a mandatory and an optional one kept as source.
"""

from __future__ import annotations

# level of each heading as LaTeX counts them
HEADINGS = {
    "part": -1,
    "chapter": 0,
    "section": 1,
    "subsection": 2,
    "subsubsection": 3,
    "paragraph": 4,
    "subparagraph": 5,
}

TABULARS = {
    "tabular": "om", "tabular*": "mom", "tabularx": "mom", "tabulary": "mom", "longtable": "om", "xltabular": "mom",
    "supertabular": "m", "xtabular": "m", "mpxtabular": "m", "ltablex": "m", "tabu": "t", "longtabu": "t", "tblr": "om",
    "longtblr": "om", "talltblr": "om", "NiceTabular": "omo", "NiceTabular*": "momo", "NiceTabularX": "momo",
    "deluxetable": "mo", "deluxetable*": "mo", "longrotatetable": "", "sidewaystabular": "om", "array": "om",
    "tabularht": "mom", "tabularhtx": "mom", "tabularkv": "om",
}  # fmt: skip

TABLE_FLOATS = {
    "table", "table*", "sidewaystable", "sidewaystable*", "wraptable", "longtable", "deluxetable", "deluxetable*",
    "floatingtable", "margintable", "SCtable", "longtblr", "talltblr", "xltabular", "longtabu", "ThreePartTable",
    "landscapetable", "splitdeluxetable", "splitdeluxetable*",
}  # fmt: skip
FIGURE_FLOATS = {
    "figure", "figure*", "wrapfigure", "wrapfigure*", "sidewaysfigure", "sidewaysfigure*", "SCfigure",
    "floatingfigure", "marginfigure", "teaserfigure",
}  # fmt: skip
OTHER_FLOATS = {"algorithm", "algorithm*", "listing", "listing*", "scheme", "program", "lstfloat", "algorithm2e"}
SUBFLOATS = {"subtable", "subfigure"}  # environments
MATH_ENVIRONMENTS = {
    "equation", "equation*", "align", "align*", "alignat", "alignat*", "gather", "gather*", "multline", "multline*",
    "eqnarray", "eqnarray*", "displaymath", "math", "flalign", "flalign*", "dmath", "dmath*", "IEEEeqnarray",
    "IEEEeqnarray*", "subequations", "split", "aligned", "gathered", "cases", "matrix", "pmatrix", "bmatrix", "vmatrix",
    "Bmatrix", "smallmatrix", "array", "dcases", "empheq", "numcases",
}  # fmt: skip
NUMBERED_MATH = {"equation", "align", "gather", "multline", "eqnarray", "alignat", "flalign", "dmath", "IEEEeqnarray"}
# their content is not prose
SILENT = {
    "tikzpicture", "pgfpicture", "picture", "axis", "CCSXML", "algorithmic", "algorithmic*", "forest", "asy",
    "pspicture", "tikzcd", "dependency", "prooftree", "textblock", "textblock*", "overpic", "scope", "groupplot",
    "keywords", "IEEEkeywords", "keyword", "filecontents", "bytefield", "chronology", "psfrags",
}  # fmt: skip

ENVIRONMENT_SIGNATURES = {
    **TABULARS, "table": "o", "table*": "o", "figure": "o", "figure*": "o", "sidewaystable": "o",
    "sidewaysfigure": "o", "sidewaystable*": "o", "sidewaysfigure*": "o", "wraptable": "omom", "wrapfigure": "omom",
    "minipage": "ooom", "subtable": "om", "subfigure": "om", "threeparttable": "o", "tablenotes": "o",
    "multicols": "mo", "multicols*": "mo", "thebibliography": "m", "adjustbox": "m", "itemize": "o",
    "enumerate": "o", "description": "o", "itemize*": "o", "enumerate*": "o", "inparaenum": "o", "compactitem": "o",
    "compactenum": "o", "algorithm": "o", "algorithm*": "o", "listing": "o", "spacing": "m", "tcolorbox": "o",
    "mdframed": "o", "list": "mm", "adjustwidth": "mm", "picture": "p", "alignat": "m", "alignat*": "m",
    "tikzpicture": "o", "floatingtable": "m", "SCtable": "oo", "SCfigure": "oo", "subequations": "", "proof": "o",
    "theorem": "o", "lemma": "o", "proposition": "o", "corollary": "o", "definition": "o", "remark": "o",
    "example": "o", "CJK": "omm", "CJK*": "omm", "scope": "o", "axis": "o", "resizebox": "mm", "rotate": "m",
    "turn": "m", "varwidth": "m", "sloppypar": "", "changemargin": "mm", "addmargin": "om", "empheq": "om",
    "forest": "o", "overpic": "om", "block": "m", "frame": "om", "textblock": "mp", "flushleft": "",
    "otherlanguage": "m", "tabbing": "", "IEEEeqnarray": "om", "IEEEeqnarray*": "om", "longrotatetable": "",
    "wrapfigure*": "omom", "dependency": "o",
}  # fmt: skip

# name -> (signature, indices of the arguments that are printed)
COMMANDS: dict[str, tuple[str, tuple[int, ...]]] = {}


def _know(signature: str, shown: tuple[int, ...], names: str) -> None:
    for name in names.split():
        COMMANDS[name] = (signature, shown)


_know(
    "m",
    (0,),
    """text textrm textit textsl textsc textsf texttt textnormal textmd textup emph mbox hbox fbox uline uuline sout
    xout hl st underbar underline textbf bm boldsymbol mathbf mathbfit textbfit pmb symbf mathbfcal mathrm mathit mathsf
    mathtt mathnormal mathcal mathbb mathfrak mathscr mathop mathbin mathrel mathord mathopen mathclose mathpunct
    mathinner
    textsmaller textlarger lowercase MakeLowercase MakeUppercase uppercase smash ensuremath overline widehat hat vec
    ddot
    widetilde mathring tilde bar dot overrightarrow overleftarrow underbrace overbrace rotcell enquote textquote mathds
    mathbbm vcenter llap rlap clap mathclap mathllap mathrlap textls ul centerline leftline rightline acs acl acf ac
    acp gls
    Gls glspl Glspl acrshort acrlong acrfull mathsfit cancel bcancel xcancel boxed url path nolinkurl textgreek
    dashuline
    textsuperscript textsubscript colhead IEEEPARstart tableline ding""",
)
_know("sm", (1,), "operatorname")
_know(
    "om",
    (1,),
    "sqrt shortstack Centerstack Longstack tabincell specialcell xrightarrow xleftarrow hyperref",
)
_know("som", (2,), "makecell thead")
_know("mom", (2,), "scalebox multirowcell multirowthead")
_know("oom", (2,), "framebox makebox")
_know("moom", (3,), "raisebox")
_know("ooomm", (4,), "parbox")
_know("mm", (0,), "texorpdfstring")
_know("mm", (1,), "foreignlanguage textlanguage stackrel overset underset hyperlink hypertarget adjustbox tooltip href")
_know("mm", (0, 1), "frac dfrac tfrac cfrac binom dbinom tbinom ion")
# siunitx: "r" and "v" are arguments kept as source
_know("rm", (1,), "num ang numlist tablenum unit si")
_know("rmm", (1, 2), "SI qty numrange SIlist qtylist")
_know("rmmm", (1, 2, 3), "SIrange qtyrange")
_know("v", (), "sisetup")
_know("omm", (1, 2), "nicefrac sfrac diagbox backslashbox slashbox")
_know("omm", (2,), "textcolor colorbox rotatebox")
_know("mmm", (2,), "fcolorbox")
_know("mvm", (2,), "multicolumn")
_know("smmm", (3,), "resizebox")
_know(
    "m",
    (),
    """vphantom hphantom phantom thispagestyle pagestyle pagenumbering bibliographystyle linespread selectlanguage
    usetikzlibrary index glossary nocite hypersetup graphicspath date fontfamily fontseries fontshape geometry
    lstset
    tikzset pgfplotsset stepcounter refstepcounter cline Cline hhline newsavebox usebox newlength hyphenation ccsdesc
    setcopyright acmYear acmISBN acmDOI acmPrice copyrightyear settopmatter icmlkeywords pacs bookmarksetup titlerunning
    authorrunning icmltitlerunning runninghead shorttitle shortauthors markright tablecolumns tabletypesize tablewidth
    setcitestyle DeclareGraphicsExtensions includeonly special bibpunct orcid ORCID orcidlink subjclass AtBeginDocument
    AtEndDocument Xhline hlineB cmrule tnotex tnote tablenotemark tmark footref footnoteref tablecaption tablecomments
    tablerefs tablehead figcaption ead icmlcorrespondingauthor theoremstyle newsubfloat footnotesep""",
)
_know(
    "sm",
    (),
    """vspace hspace addvspace enlargethispage label ref autoref pageref nameref vref Vref cref Cref eqref labelcref
    subref autopageref thmref Autoref cpageref""",
)
_know(
    "mm",
    (),
    """setlength addtolength setcounter addtocounter fontsize PassOptionsToPackage markboth pgfmathsetmacro
    DeclareUnicodeCharacter sbox settowidth counterwithin numberwithin counterwithout tablenotetext icmlauthor
    icmlaffiliation icmlsetsymbol""",
)
_know("mmm", (), "definecolor crefname Crefname addcontentsline newacronym specialrule titlespacing DeclareFontFamily")
_know("mo", (), "newcounter cdashline")
_know(
    "o",
    (),
    "toprule midrule bottomrule hdashline addlinespace pagebreak nopagebreak linebreak nolinebreak item footnotemark",
)
_know(
    "om",
    (),
    """color pagecolor rowcolor cellcolor columncolor epsfbox setmainfont captionsetup setitemize setenumerate todo
    missingfigure setlist marginpar rowfont footnote footnotetext thanks sidenote subcaption tabcaption abstract
    author affil
    affiliation institute address keywords corresp email bibitem lstinputlisting""",
)
_know("omm", (), "rule colorlet acrodef")
_know("opm", (), "cmidrule ccmidrule")
_know("som", (), "includegraphics includesvg includepdf caption title Title icmltitle")
_know("smm", (), "crefrange Crefrange")
_know("oom", (), "subfloat subfigure subtable")
_know("somoom", (), "subcaptionbox")
_know("smom", (), "captionof")
_know("smomo", (), "newtheorem")
_know("m", (0,), "' ` ^ \" ~ = . u v H c r k d b t")
for _heading in HEADINGS:
    _know("som", (), _heading)

CITATIONS = {
    "cite": "par", "citep": "par", "citet": "text", "citealp": "bare", "citealt": "baretext",
    "citeauthor": "author", "citeyear": "year", "citeyearpar": "paryear", "Citet": "text", "Citep": "par",
    "parencite": "par", "textcite": "text", "autocite": "par", "footcite": "drop", "newcite": "text",
    "shortcite": "par", "citenum": "bare", "Cite": "par", "citeA": "text", "citeN": "text", "citeNP": "bare",
    "fullcite": "par", "supercite": "par", "onlinecite": "bare", "Citeauthor": "author", "citeposs": "text",
    "possessivecite": "text", "smartcite": "par", "Parencite": "par", "citetalp": "baretext", "citetext": "par",
    "citefullauthor": "author", "citepalias": "par", "citetalias": "text", "footfullcite": "drop",
}  # fmt: skip
for _name in CITATIONS:
    _know("soom", (), _name)

# words whose meaning the reader relies on: a user's or a style's redefinition of them changes looks only
PROTECTED = frozenset(
    {
        *HEADINGS, *CITATIONS, "begin", "end", "caption", "label", "ref", "eqref", "cref", "Cref", "autoref",
        "footnote", "item", "multicolumn", "multirow", "makecell", "textbf", "textit", "emph", "underline",
        "texttt", "input", "include", "documentclass", "usepackage", "appendix", "title", "abstract", "maketitle",
        "hline", "toprule", "midrule", "bottomrule", "cline", "cmidrule", "par", "bibitem", "bibliography",
        "document", "captionof", "textcolor", "color", "frac", "times", "pm", "cdot", "\\", "&", "%", "$", "#", "_",
        "{", "}", " ", ",", "(", ")", "[", "]", "left", "right", "tabularnewline", "startdata", "enddata",
        "tablehead", "colhead", "tablecaption", "resizebox", "scalebox", "vspace", "hspace", "noindent",
        "centering", "small", "footnotesize", "scriptsize", "tiny", "bf", "it", "bfseries", "footnotemark",
        "section", "table", "tabular", "figure", "author", "date", "thanks", "bibliographystyle", "includegraphics",
        "rotatebox", "shortstack", "parbox", "raisebox", "mathbf", "mathrm", "text", "boldsymbol",
        "thebibliography", "def", "let", "newcommand", "newpage", "clearpage", "baselinestretch", "arraystretch",
        "url", "href", "and",
    }
)  # fmt: skip

# these end what they set at the end of their group
BOLD_ON = {"bf", "bfseries", "boldmath"}
BOLD_OFF = {"rm", "normalfont", "mdseries", "unboldmath"}
BOLD_COMMANDS = {"textbf", "bm", "boldsymbol", "mathbf", "mathbfit", "textbfit", "pmb", "symbf", "mathbfcal"}
UNDERLINE_COMMANDS = {"underline", "uline", "uuline", "ul", "dashuline", "underbar"}
RULES = {
    "hline", "midrule", "toprule", "bottomrule", "Xhline", "specialrule", "hlineB", "Hline", "thickhline",
    "hdashline", "hlinewd", "tophline", "middlehline", "bottomhline", "hhline", "colrule", "botrule", "svhline",
    "doublerule", "thinhline", "heavyrule", "lightrule", "hdashrule",
}  # fmt: skip
PARTIAL_RULES = {"cline", "cmidrule", "Cline", "cdashline", "ccmidrule"}
