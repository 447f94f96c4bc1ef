"""Page navigation only: the pages of the row at the top, and one page an indicator and a lab at its own address."""

import functools
from collections.abc import Callable

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import frame, signin
from dashboard.live import reader
from dashboard.pages import indicator, labs, mentions, methods, overview, signals, snapshot, sources
from dashboard.theme import lab_names

PAGES: dict[str, tuple[str, Callable[[], None]]] = {
    "": ("Overview", overview.page),
    "labs": ("Labs", labs.page),
    "mentions": ("Mentions", mentions.page),
    "signals": ("Signals", signals.page),
    "data": ("Data", snapshot.page),
    "sources": ("Sources", sources.page),
    "methods": ("Methods", methods.page),
}

st.set_page_config(page_title="AI Progress Monitor", layout="wide", initial_sidebar_state="collapsed")
frame.style()
signin.require()
frame.begin()
pages = {path: st.Page(page, title=title, url_path=path, default=not path) for path, (title, page) in PAGES.items()}
# without the wrapper `st.Page`, which measures each call and takes most of a run's time for hundreds of pages
for key, row in reader().catalogue().items():
    shown = functools.partial(indicator.page, key)
    pages[key] = StreamlitPage(shown, title=row["name"], url_path=key, visibility="hidden")
for lab, name in lab_names().items():
    path = labs.path_of(lab)
    pages[path] = StreamlitPage(functools.partial(labs.lab_page, lab), title=name, url_path=path, visibility="hidden")
frame.use(pages)
st.navigation(list(pages.values()), position="hidden").run()
