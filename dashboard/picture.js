// Saves a chart as a picture that says by itself what it shows and whose numbers these are: title above, source below.
// Buttons are found by their data, so that it does not matter when Streamlit draws them.

const inline = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const broken = (text, most) =>
  text.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    return last !== undefined && `${last} ${word}`.length <= most
      ? [...lines.slice(0, -1), `${last} ${word}`]
      : [...lines, word];
  }, []);

const written = (text, size, chart) => {
  const lines = broken(text, Math.floor(chart.clientWidth / (size * 0.55)));
  return { text: lines.map(inline).join("<br>"), lines: lines.length, font: { size, color: chart._fullLayout.font.color } };
};

const save = (chart, format, data) => {
  const { layout, _context: context } = chart;
  const margin = chart._fullLayout._size;
  const title = written(data.title ?? "", 17, chart);
  const source = written(data.source ?? "", 11, chart);
  const above = 22 * title.lines + 12, below = 15 * source.lines + 10;
  const ground = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor;
  const height = chart._fullLayout.height + above + below;
  const options = context.toImageButtonOptions;
  chart.layout = {
    ...layout, height, paper_bgcolor: ground, plot_bgcolor: ground,
    margin: { ...layout.margin, l: margin.l, r: margin.r, t: margin.t + above, b: margin.b + below },
    title: { text: title.text, x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top",
             pad: { t: 8, l: 8 }, font: title.font },
    annotations: [...(layout.annotations ?? []),
      { text: source.text, showarrow: false, align: "left", font: source.font, xref: "paper", yref: "paper",
        x: 0, xanchor: "left", xshift: 8 - margin.l, y: 0, yanchor: "top", yshift: -margin.b }],
  };
  context.toImageButtonOptions = { ...options, format, height, width: chart.clientWidth };
  try {
    chart.querySelector('.modebar-btn[data-title^="Download plot"]').click();
  } finally {
    chart.layout = layout;
    context.toImageButtonOptions = options;
  }
};

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-picture]") : null;
  const chart = button && document.querySelector(`.st-key-${CSS.escape(button.dataset.chart)} .js-plotly-plot`);
  if (chart) save(chart, button.dataset.picture, button.dataset);
});
