// Draws the charts of the figures; a click on a bar opens the conversations of that day.
"use strict";

(async () => {
  const data = document.getElementById("charts");
  if (!data) return;
  const { days, bars, lines, opens } = JSON.parse(data.textContent);
  const { echarts } = await import("/studio/figures/charts/index.js");
  document.querySelector(".charts").hidden = false;

  // The colours of the page, light or dark as it is now.
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const colours = { strict: "accent", answered: "info", returned: "info", handed_over: "warn", unanswered: "bad" };

  const charts = [...document.querySelectorAll("[data-chart]")].map((element) => {
    const chart = echarts.init(element, null, { renderer: "svg" });
    new ResizeObserver(() => chart.resize()).observe(element);
    return { chart, of: element.dataset.chart };
  });

  function draw() {
    const [ink, line, sheet, text] = ["ink-2", "line", "sheet", "ink"].map(colour);
    for (const { chart, of } of charts) {
      const stacked = of === "bars";
      const series = stacked ? bars : lines;
      chart.setOption({
        animation: false,
        textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
        color: series.map(({ figure }) => colour(colours[figure])),
        grid: { left: 4, right: 8, top: 40, bottom: 4, containLabel: true },
        legend: { top: 4, left: 0, itemWidth: 12, itemHeight: 8, itemGap: 12, textStyle: { color: ink } },
        tooltip: {
          trigger: "axis", confine: true, backgroundColor: sheet, borderColor: line, textStyle: { color: text, fontSize: 12.5 },
          renderMode: "richText", valueFormatter: (value) => (value === null || value === undefined ? "—" : stacked ? String(value) : `${value}%`),
        },
        xAxis: { type: "category", data: days, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: ink, hideOverlap: true, formatter: (day) => day.slice(5) } },
        yAxis: {
          type: "value", min: 0, max: stacked ? null : 100, minInterval: stacked ? 1 : null, splitLine: { lineStyle: { color: line } },
          axisLabel: { color: ink, formatter: stacked ? "{value}" : "{value}%" },
        },
        series: series.map(({ name, values }) => ({
          name, data: values, type: stacked ? "bar" : "line", stack: stacked ? "all" : null, barMaxWidth: 36, symbol: "circle",
          symbolSize: days.length > 40 ? 0 : 5, lineStyle: { width: 2 }, emphasis: { disabled: !stacked },
        })),
      }, true);
    }
  }

  charts.find(({ of }) => of === "bars").chart.on("click", ({ seriesIndex, dataIndex }) => {
    location.assign(`${opens}&${new URLSearchParams({ figure: bars[seriesIndex].figure, day: days[dataIndex] })}`);
  });
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
