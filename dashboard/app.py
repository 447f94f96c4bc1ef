"""Page navigation only: the overview, and one page an indicator at its own address."""

import functools

import streamlit as st

from dashboard import frame
from dashboard.live import reader
from dashboard.pages import indicator, overview

st.set_page_config(page_title="AI Progress Monitor", layout="wide", initial_sidebar_state="collapsed")
frame.style()
pages = {"": st.Page(overview.page, title="Overview", default=True)}
for key, row in reader().catalogue().items():
    shown = functools.partial(indicator.page, key)
    pages[key] = st.Page(shown, title=row["name"], url_path=key, visibility="hidden")
frame.use(pages)
st.navigation(list(pages.values()), position="hidden").run()
