"""The healed result as documents: report, exports, archive; and whether a report still holds.

`case` reads a client from the store, `figures` turns it into one frozen set of figures without
any words, `letter` puts them into words of one language, `pdf` and `page` print the same letter.
"""
