"""The floor: the least that Streamlit can do with one Plotly chart and one control, in its own configuration."""

import plotly.graph_objects as go
import streamlit as st

st.title("One chart")
scale = st.segmented_control("Scale", ["linear", "log"], default="log", required=True)
figure = go.Figure(go.Scatter(x=list(range(100)), y=[1.1**n for n in range(100)], mode="markers"))
figure.update_yaxes(type=scale)
st.plotly_chart(figure, key="chart")
