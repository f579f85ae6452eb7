"""PDF papers: characters from pdfium, then words, columns, sentences and tables by our own geometry."""

from claimcheck.reading.pdf.reader import read_pdf

__all__ = ["read_pdf"]
