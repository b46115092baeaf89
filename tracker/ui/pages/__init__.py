"""One module per page; each offers `show()`."""
