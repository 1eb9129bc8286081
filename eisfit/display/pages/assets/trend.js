/* A parameter over what was varied. Hollow: not determined, or a fit that cannot be used. */
eisfit.COLORS = ["--mark", "--neg", "--purple", "--a", "--mut", "--c"].map((name) => `var(${name})`);

eisfit.trendRows = (items, name, axis) => items.all.flatMap((item) => {
  const row = (item.entry.parameters || []).find((one) => one.name === name), x = axis ? (item.entry.conditions || {})[axis] : item.number + 1;
  if (!row || row.value === null || x === undefined || item.entry.error) return [];
  const error = row.stderr || 0, [low, high] = row.bounds || [];
  return [{ item, x, y: row.value, low: Math.max(row.value - error, low ?? -Infinity), high: Math.min(row.value + error, high ?? Infinity),
    ok: item.entry.ok && !row.doubted, unit: row.plain_unit }];
});

/* The ends of the value axis: an error bar of many spans of the values does not decide it. */
eisfit.trendSpan = (rows) => {
  const values = rows.map((row) => row.y), least = Math.min(...values), most = Math.max(...values), wide = most - least || Math.abs(most) || 1;
  const ends = rows.flatMap((row) => [row.low, row.high]).filter((v) => v >= least - 5 * wide && v <= most + 5 * wide);
  const low = Math.min(least, ...ends), high = Math.max(most, ...ends), room = 0.08 * (high - low || Math.abs(high) || 1);
  return [low - room, high + room];
};

eisfit.drawTrend = (panel, items, name, axis, height) => {
  const rows = eisfit.trendRows(items, name, axis), small = height < 200;
  panel.open(height, [12, 12, 38, 58]);
  panel.rows = [];
  if (rows.length < 2) { panel.text(panel.width / 2, height / 2, eisfit.texts.fitTwo); panel.close([]); return; }
  const xs = rows.map((row) => row.x), thermal = axis === "temperature" && rows[0].unit === "ohm", of = (x) => (thermal ? -1000 / (273.15 + x) : x);
  const log = thermal && rows.every((row) => row.y > 0), to = (v) => (log ? Math.log10(Math.max(v, 1e-300)) : v);
  let x0 = Math.min(...xs.map(of)), x1 = Math.max(...xs.map(of));
  const pad = 0.04 * (x1 - x0) || 1;
  [x0, x1] = [x0 - pad, x1 + pad];
  let [low, high] = log ? [Math.min(...rows.map((r) => to(r.y))) - 0.1, Math.max(...rows.map((r) => to(r.y))) + 0.1] : eisfit.trendSpan(rows);
  const base = height - panel.bottom, X = (v) => panel.left + (of(v) - x0) / (x1 - x0) * (panel.width - panel.left - panel.right);
  const Y = (v) => base - (Math.max(low, Math.min(high, to(v))) - low) / (high - low) * (base - panel.top);
  const marks = thermal ? [...new Set(xs)].map((v) => [X(v), eisfit.minus(Number(v.toPrecision(4)))]) : eisfit.ticks(x0, x1, small ? 4 : 7).map((v) => [X(v), eisfit.minus(v)]);
  const ys = log ? eisfit.logTicks(low, high) : eisfit.ticks(low, high, small ? 3 : 5);
  panel.frame(marks, ys.map((v) => [Y(v), eisfit.minus(eisfit.digits(v, 5))]), axis ? eisfit.axis(axis).title : eisfit.texts.numberInList, eisfit.symbolShape(name, rows[0].unit));
  const groups = [...new Set(rows.map((row) => row.item.group))];
  groups.forEach((g, n) => eisfit.drawLaw(panel, items.groups[g], name, axis, X, Y, eisfit.COLORS[n % eisfit.COLORS.length]));
  rows.forEach((row) => {
    const color = groups.length > 1 ? eisfit.COLORS[groups.indexOf(row.item.group) % eisfit.COLORS.length] : "", x = X(row.x), y = Y(row.y), here = row.item === items.current;
    const style = color ? { style: `stroke:${color};${row.ok ? `fill:${color}` : ""}` } : {};
    panel.add("path", { class: "eb", d: `M${x},${Y(row.high)}V${Y(row.low)}`, ...(color ? { style: `stroke:${color}` } : {}) });
    panel.add("circle", { class: row.ok ? "cur" : "pt", cx: x, cy: y, r: here ? 6.5 : small || rows.length > 60 ? 2.6 : 4, ...style });
    if (here) panel.add("circle", { class: "hot", cx: x, cy: y, r: 9 });
    panel.rows.push({ x, y, number: row.item.number });
  });
};

eisfit.drawLaw = (panel, group, name, axis, X, Y, color) => {
  const band = ((group.trends || {})[name] || {}).band;
  if (!band || (group.axis || "cycle") !== axis) return;
  const x = band[axis] || band.cycle;
  if (!x) return;
  const ends = [...x.map((v, k) => [X(v), Y(band.high[k])]), ...x.map((v, k) => [X(v), Y(band.low[k])]).reverse()];
  panel.add("polygon", { class: "lawb", points: ends.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" "), style: `fill:${color}` });
  panel.line(x.map((v, k) => [X(v), Y(band.value[k])]), "law");
};

/* The section: one large, and all of them small. */
eisfit.Trend = class {
  constructor(items, choose) {
    Object.assign(this, { items, choose });
    for (const id of ["trend-of", "trend-over"]) eisfit.byId(id).addEventListener("change", () => this.draw());
    eisfit.byId("all-trends").addEventListener("toggle", () => this.small());
    this.panel = this.make("trend");
  }

  make(id) {
    const panel = new eisfit.Panel(id, { listen: () => {} });
    panel.svg.addEventListener("click", (event) => {
      const [x, y] = panel.at(event), near = [...(panel.rows || [])].sort((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y))[0];
      if (near) this.choose(near.number);
    });
    return panel;
  }

  draw(list) {
    const { byId, element, texts } = eisfit, { items } = this, names = items.parameters(), axes = items.axes(), of = byId("trend-of"), over = byId("trend-over");
    byId("trend-section").hidden = items.all.length < 2;
    if (items.all.length < 2) return;
    const fill = (select, options, first) => { const before = select.value; select.replaceChildren(...options.map(([value, words]) => element("option", { value }, words))); select.value = before; if (select.selectedIndex < 0 || (!before && first)) select.value = first ?? (options[0] || [""])[0]; };
    fill(of, names.map((name) => [name, eisfit.parts(name).filter(Boolean).join(" ")]), list ? list.wanted() : undefined);
    fill(over, [...axes.map((name) => [name, name]), ["", texts.numberInList]], axes[0] || "");
    eisfit.drawTrend(this.panel, items, of.value, over.value, window.innerWidth > 1000 ? 240 : 200);
    const several = items.groups.length > 1, said = items.groups.flatMap((group) => { const { law } = (group.trends || {})[of.value] || {}; return law ? [[several ? `${group.label}: ` : "", ...eisfit.prose(law)]] : []; }), plain = (parts) => parts.map((part) => part.textContent ?? part).join("");
    byId("trend-said").replaceChildren(...said.flatMap((parts) => [...parts, "; "]), texts.hollow);
    this.panel.svg.setAttribute("aria-label", texts.trendOver(of.value, over.value, said[0] ? plain(said[0]) : texts.values((this.panel.rows || []).length)));
    const cells = [...new Set(items.all.filter((item) => !item.entry.error).map((item) => item.group))];
    byId("cells").replaceChildren(...(cells.length < 2 ? [] : cells.map((g, n) => element("span", { className: "cell" }, element("i", { style: `background:${eisfit.COLORS[n % eisfit.COLORS.length]}` }), items.groups[g].label))));
    this.small();
  }

  small() {
    const place = eisfit.byId("small-trends");
    if (!eisfit.byId("all-trends").open) { place.replaceChildren(); return; }
    const names = this.items.parameters();
    place.replaceChildren(...names.map((name) => { const box = eisfit.element("div"); box.append(eisfit.shape("svg", { id: `small-${name}`, class: "pl", role: "img", "aria-label": eisfit.texts.trendOf(name) })); return box; }));
    for (const name of names) eisfit.drawTrend(this.make(`small-${name}`), this.items, name, eisfit.byId("trend-over").value, 170);
  }
};
