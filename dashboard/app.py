"""Page navigation only: the pages of the row at the top, and one page an indicator at its own address."""

import functools
from collections.abc import Callable

import streamlit as st

from dashboard import frame, signin
from dashboard.live import reader
from dashboard.pages import indicator, labs, mentions, methods, overview, snapshot, sources
from dashboard.pages import signals as ledger

PAGES: dict[str, tuple[str, Callable[[], None]]] = {
    "": ("Overview", overview.page),
    "labs": ("Labs", labs.page),
    "mentions": ("Mentions", mentions.page),
    "signals": ("Signals", ledger.page),
    "data": ("Data", snapshot.page),
    "sources": ("Sources", sources.page),
    "methods": ("Methods", methods.page),
}

st.set_page_config(page_title="AI Progress Monitor", layout="wide", initial_sidebar_state="collapsed")
frame.style()
signin.require()
pages = {path: st.Page(page, title=title, url_path=path, default=not path) for path, (title, page) in PAGES.items()}
for key, row in reader().catalogue().items():
    shown = functools.partial(indicator.page, key)
    pages[key] = st.Page(shown, title=row["name"], url_path=key, visibility="hidden")
frame.use(pages)
st.navigation(list(pages.values()), position="hidden").run()
