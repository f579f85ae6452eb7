#!/bin/sh
# Rebuilds paper.pdf and paper.html from paper.tex, the same bytes each time with the same TeX and LaTeXML.
# Needs pdflatex (with booktabs and lmodern) and latexmlc; `sh build.sh pdf` or `sh build.sh html` builds one of them.
set -eu
cd "$(dirname "$0")"
what="${1:-all}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1767225600 FORCE_SOURCE_DATE=1 TZ=UTC

if [ "$what" != html ]; then
    # No trailer id and no banner of the TeX distribution: they would change from build to build.
    for _ in 1 2; do
        pdflatex -no-shell-escape -interaction=batchmode -halt-on-error -output-directory="$work" -jobname=paper \
            '\pdftrailerid{}\pdfsuppressptexinfo=-1 \input{paper.tex}' >"$work/pdflatex.out" ||
            { grep -A 3 '^!' "$work/paper.log" >&2; exit 1; }
    done
    cp "$work/paper.pdf" paper.pdf
fi

if [ "$what" != pdf ]; then
    latexmlc --quiet --format=html5 --nodefaultresources --timestamp=0 --log="$work/latexml.log" --dest="$work/paper.html" \
        paper.tex 2>"$work/latexml.out" || { cat "$work/latexml.out" >&2; exit 1; }
    # A page without outside files: the date, the logo and links to style sheets and scripts go, a few rules of ours come in.
    sed -e '/^<!--.*Generated .*-->$/d' -e 's|<!--[^>]*-->||g' -e '/<link [^>]*stylesheet/d' -e '/<script[^>]*><\/script>/d' \
        -e '/<footer class="ltx_page_footer">/,/<\/footer>/d' \
        -e 's|</head>|<style>body{max-width:48em;margin:2em auto;padding:0 1em;font-family:serif;line-height:1.4}table{border-collapse:collapse;margin:auto}td,th{padding:.1em .5em}.ltx_font_bold{font-weight:bold}.ltx_font_italic{font-style:italic}th{font-weight:inherit}h6{font-size:1em}.ltx_border_t{border-top:1px solid}.ltx_border_tt{border-top:2px solid}.ltx_border_bb{border-bottom:2px solid}.ltx_align_left{text-align:left}.ltx_align_right{text-align:right}.ltx_align_center,.ltx_equation{text-align:center}figure.ltx_table{margin:1.5em 0;text-align:center}.ltx_title_document{text-align:center}</style>\n</head>|' \
        "$work/paper.html" >paper.html
fi
