"use strict";
/* The linked panels, for both pages. Texts from files are set as text, never as markup. */
const eisfit = {};

eisfit.byId = (id) => document.getElementById(id);
eisfit.data = JSON.parse(eisfit.byId("eisfit-data").textContent);

eisfit.digits = (value, digits) => {
  if (value === null || !Number.isFinite(value)) return "n/a";
  const size = Math.abs(value), short = Number(value.toPrecision(digits));
  return (size >= 1e6 || (size > 0 && size < 1e-3)) ? short.toExponential().replace("e+", "e") : String(short);
};

eisfit.hertz = (f) => {
  const units = [[1e-3, 1e6, "µHz"], [1, 1e3, "mHz"], [1e3, 1, "Hz"], [1e6, 1e-3, "kHz"], [Infinity, 1e-6, "MHz"]];
  const [, factor, unit] = units.find(([limit]) => f < limit);
  return `${Number((f * factor).toPrecision(4))} ${unit}`;
};

eisfit.ohm = (largest) => {
  if (largest < 0.1) return [1e3, "mΩ"];
  if (largest < 1e4) return [1, "Ω"];
  return largest < 2e6 ? [1e-3, "kΩ"] : [1e-6, "MΩ"];
};

eisfit.Panels = class {
  constructor(plots) {
    this.doc = plots;
    this.plot = {};
    for (const name of ["nyquist", "magnitude", "phase", "residuals"]) this.plot[name] = this.model(name);
    this.factor = 1;
    this.unit = "Ω";
    this.pinned = false;
    this.columns = null;
    for (const [name, plot] of Object.entries(this.plot)) this.listen(name, plot);
    // Bokeh settles its layout some time after the window has changed, and tells nobody.
    setInterval(() => this.equal(), 200);
  }

  static async start() {
    const { document: json, places } = JSON.parse(eisfit.byId("eisfit-figures").textContent);
    const before = Bokeh.documents.length;
    const item = { docid: "page", roots: places, root_ids: Object.keys(places) };
    await Bokeh.embed.embed_items({ page: json }, [item]);
    return new eisfit.Panels(Bokeh.documents[before]);
  }

  model(name) { return this.doc.get_model_by_name(name); }

  fill(name, columns) { this.model(name).data = columns; }

  /* Columns that the figures draw, in the unit of the axes. */
  derive(z) {
    const out = { f: z.f, re: [], im: [], mag: [], phase: [] };
    z.f.forEach((_, k) => {
      const re = z.re[k] * this.factor, im = z.im[k] * this.factor;
      out.re.push(re);
      out.im.push(-im);
      out.mag.push(Math.hypot(re, im));
      out.phase.push(Math.atan2(im, re) * 180 / Math.PI);
    });
    return out;
  }

  show(entry) {
    const points = entry.points || { f: [], re: [], im: [] };
    const blank = points.f.map(() => NaN);
    this.columns = { ...this.derive(points), res_re: points.res_re || blank, res_im: points.res_im || blank };
    this.fill("points", this.columns);
    this.line(entry.line);
    const noise = points.noise || [];
    this.fill("noise", noise.length ? { f: points.f, low: noise.map((n) => -n), high: noise } : { f: [], low: [], high: [] });
    const ranges = (entry.kk && entry.kk.ranges) || [];
    this.fill("fails", { low: ranges.map((r) => r[0] / 1.05), high: ranges.map((r) => r[1] * 1.05) });
    eisfit.byId("noise-key").hidden = !noise.length;
    eisfit.byId("fails-key").hidden = !ranges.length;
    this.label();
    this.light(null);
  }

  /* The points nearest to whole decades, labelled as far as there is room. */
  label() {
    const c = this.columns, plot = this.plot.nyquist, out = { re: [], im: [], x: [], y: [], label: [] };
    const scale = plot.inner_width / (plot.x_range.end - plot.x_range.start);
    const near = (f) => Math.abs(Math.log10(f) - Math.round(Math.log10(f)));
    const decades = new Map();
    c.f.forEach((f, k) => {
      const d = Math.round(Math.log10(f));
      if (near(f) < 0.1 && (!decades.has(d) || near(f) < near(c.f[decades.get(d)]))) decades.set(d, k);
    });
    const left = plot.x_range.start * scale + 24, right = plot.x_range.end * scale - 24;
    const floor = plot.y_range.start * scale + 8, ceiling = plot.y_range.end * scale - 8;
    const px = c.re.map((re, k) => [re * scale, c.im[k] * scale]), taken = [];
    const spots = [[0, 15], [-30, 10], [30, 10], [0, -15], [-34, 0], [34, 0], [-30, -10], [30, -10]];
    for (const [d, k] of [...decades].sort((a, b) => a[0] - b[0])) {
      const spot = spots.map(([dx, dy]) => [px[k][0] + dx, px[k][1] + dy]).find(([x, y]) =>
        x > left && x < right && y > floor && y < ceiling &&
        px.every(([u, v]) => Math.abs(u - x) > 26 || Math.abs(v - y) > 10) &&
        taken.every(([u, v]) => Math.abs(u - x) > 50 || Math.abs(v - y) > 14));
      if (spot) taken.push(spot);
      out.re.push(c.re[k]);
      out.im.push(c.im[k]);
      out.x.push(spot ? spot[0] / scale : NaN);
      out.y.push(spot ? spot[1] / scale : NaN);
      out.label.push(spot ? eisfit.hertz(10 ** d) : "");
    }
    this.fill("decades", out);
  }

  line(curve) { this.fill("line", this.derive(curve || { f: [], re: [], im: [] })); }

  /* Some 25 of the other cycles: of hundreds nothing would be seen but an area. */
  others(entries) {
    const drawn = entries.filter((e) => e.points), every = Math.max(1, Math.ceil(drawn.length / 25));
    const lines = drawn.filter((_, k) => k % every === 0).map((e) => this.derive(e.points));
    this.fill("others", { re: lines.map((l) => l.re), im: lines.map((l) => l.im) });
    eisfit.byId("others-key").hidden = lines.length < 2;
  }

  /* Axes that hold all these spectra, so that nothing moves but the spectrum when the slider does. */
  frame(entries) {
    const drawn = entries.filter((e) => e.points);
    if (!drawn.length) return;
    this.framed = drawn;
    const sizes = drawn.flatMap((e) => e.points.re.map((re, k) => Math.hypot(re, e.points.im[k])));
    [this.factor, this.unit] = eisfit.ohm(Math.max(...sizes.filter(Number.isFinite)));
    this.name("nyquist", `Z′ / ${this.unit}`, `−Z″ / ${this.unit}`);
    this.name("magnitude", "frequency / Hz", `|Z| / ${this.unit}`);
    const all = drawn.flatMap((e) => [e.points, e.line].filter(Boolean).map((z) => this.derive(z)));
    this.limits((column) => this.span(all, column));
    const away = drawn.flatMap((e) => [...(e.points.res_re || []), ...(e.points.res_im || [])]).filter(Number.isFinite);
    const worst = 1.15 * Math.max(0.1, ...away.map(Math.abs));
    this.range(this.plot.residuals.y_range, -worst, worst);
  }

  span(all, column) {
    let low = Infinity, high = -Infinity;
    for (const one of all) for (const v of one[column]) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
    return [low, high];
  }

  /* Make room for a curve too, but not so much that the data shrinks to a dot. */
  reach(curve) {
    const ranges = Object.values(this.plot).flatMap((plot) => [plot.x_range, plot.y_range]);
    if (ranges.some((one) => one.start !== one.reset_start || one.end !== one.reset_end)) return; // zoomed by hand
    const drawn = this.derive(curve), data = this.framed.map((e) => this.derive(e.points));
    this.limits((column) => {
      const [d0, d1] = this.span(data, column), [c0, c1] = this.span([drawn], column);
      if (column === "phase") return [Math.min(d0, c0), Math.max(d1, c1)];
      if (column === "mag" || column === "f") return [Math.min(d0, Math.max(c0, d0 / 3)), Math.max(d1, Math.min(c1, d1 * 3))];
      const room = 2 * (d1 - d0);
      return [Math.min(d0, Math.max(c0, d0 - room)), Math.max(d1, Math.min(c1, d1 + room))];
    });
  }

  limits(span) {
    const [f0, f1] = span("f"), [m0, m1] = span("mag"), [p0, p1] = span("phase");
    this.range(this.model("frequency"), f0 / 1.5, f1 * 1.5);
    this.range(this.plot.magnitude.y_range, m0 / 1.15, m1 * 1.15);
    const steps = m1 / m0 < 8 ? [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9] : m1 / m0 < 500 ? [1, 2, 5] : [1], ticks = [];
    for (let d = -9; d < 13; d++) for (const step of steps) ticks.push(Number(`${step}e${d}`));
    this.model("magnitude ticks").ticks = ticks;
    const room = Math.max(2, 0.08 * (p1 - p0));
    this.range(this.plot.phase.y_range, p0 - room, p1 + room);
    const [x0, x1] = span("re"), [y0, y1] = span("im");
    this.box = { x0: x0 < 0.35 * x1 ? Math.min(0, x0) : x0, x1, y0: Math.min(0, y0), y1: Math.max(0, y1) };
    this.set = null;
    this.equal();
  }

  name(plot, x, y) {
    this.plot[plot].below[0].axis_label = x;
    this.plot[plot].left[0].axis_label = y;
  }

  range(range, start, end) { range.setv({ start, end, reset_start: start, reset_end: end }); }

  /* One ohm is as long upwards as to the right, however the window is shaped. A zoomed plot stays zoomed. */
  equal() {
    const plot = this.plot.nyquist, w = plot.inner_width, h = plot.inner_height, box = this.box;
    if (!box || !(w > 40 && h > 40)) return;
    const x = plot.x_range, y = plot.y_range, set = this.set;
    if (set && set.w === w && set.h === h) return;
    const zoomed = set && [x.start, x.end, y.start, y.end].some((v, k) => v !== set.edges[k]);
    let unit, edges;
    if (zoomed) {
      unit = (x.end - x.start) / w;
      const middle = (y.start + y.end) / 2;
      edges = [x.start, x.end, middle - unit * h / 2, middle + unit * h / 2];
    } else {
      const pad = 0.05 * Math.max(box.x1 - box.x0, box.y1 - box.y0, 1e-12);
      const [x0, x1, y0, y1] = [box.x0 - pad, box.x1 + pad, box.y0 - pad, box.y1 + 2 * pad];
      unit = Math.max((x1 - x0) / w, (y1 - y0) / h);
      const spare = unit * w - (x1 - x0);
      edges = [x0 - spare / 2, x1 + spare / 2, y0, y0 + unit * h];
    }
    this.range(x, edges[0], edges[1]);
    this.range(y, edges[2], edges[3]);
    this.set = { w, h, edges: zoomed ? [NaN] : edges };
    if (this.columns) this.label();
  }

  listen(name, plot) {
    plot.on_event("mousemove", (e) => { if (!this.pinned) this.light(this.nearest(name, plot, e)); });
    plot.on_event("mouseleave", () => { if (!this.pinned) this.light(null); });
    plot.on_event("tap", (e) => {
      const found = this.nearest(name, plot, e);
      this.pinned = found !== null;
      this.light(found);
    });
  }

  /* The measured point under the pointer: by frequency, and in the Nyquist plot by distance. */
  nearest(name, plot, e) {
    const columns = this.columns, flat = name === "nyquist";
    if (!columns) return null;
    const across = (v, range, size, log) => {
      const of = log ? Math.log : (u) => u;
      return (of(v) - of(range.start)) / (of(range.end) - of(range.start)) * size;
    };
    const xs = flat ? columns.re : columns.f;
    const x = across(e.x, plot.x_range, plot.inner_width, !flat), y = across(e.y, plot.y_range, plot.inner_height, false);
    let best = null, least = flat ? 30 : 40;
    xs.forEach((value, k) => {
      const dx = across(value, plot.x_range, plot.inner_width, !flat) - x;
      const dy = flat ? across(columns.im[k], plot.y_range, plot.inner_height, false) - y : 0;
      const distance = Math.hypot(dx, dy);
      if (distance < least) [best, least] = [k, distance];
    });
    return best;
  }

  /* On which side of the point its label has room, in the Nyquist plot and over frequency. */
  sides(k) {
    if (k === null) return { re_align: [], re_dx: [], f_align: [], f_dx: [] };
    const x = this.plot.nyquist.x_range, f = this.model("frequency"), out = {};
    const parts = { re: (this.columns.re[k] - x.start) / (x.end - x.start),
      f: Math.log(this.columns.f[k] / f.start) / Math.log(f.end / f.start) };
    for (const [name, part] of Object.entries(parts)) {
      out[`${name}_align`] = [part > 0.75 ? "right" : "left"];
      out[`${name}_dx`] = [part > 0.75 ? -10 : 10];
    }
    return out;
  }

  /* Mark the point in all panels and write its numbers; null takes the mark away. */
  light(k) {
    if (k === this.lit && k !== null) return;
    this.lit = k;
    const c = this.columns, names = ["f", "re", "im", "mag", "phase", "res_re", "res_im"];
    const row = Object.fromEntries(names.map((name) => [name, k === null ? [] : [c[name][k]]]));
    this.fill("lit", { ...row, label: k === null ? [] : [eisfit.hertz(c.f[k])], ...this.sides(k) });
    const words = k === null ? ["Point at a measured value: it is marked in all panels, and its numbers stand here."]
      : [eisfit.hertz(c.f[k]), `Z′ ${eisfit.digits(c.re[k], 4)} ${this.unit}`, `−Z″ ${eisfit.digits(c.im[k], 4)} ${this.unit}`,
        `|Z| ${eisfit.digits(c.mag[k], 4)} ${this.unit}`, `phase ${eisfit.digits(c.phase[k], 4)}°`];
    if (k !== null && Number.isFinite(c.res_re[k])) words.push(`residual ${c.res_re[k].toFixed(2)} %, ${c.res_im[k].toFixed(2)} %`);
    const readout = eisfit.byId("readout");
    readout.replaceChildren(...words.map((text, n) => eisfit.element(n || k === null ? "span" : "b", text)));
  }
};

eisfit.element = (tag, text, kind) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
};

/* Paper has another width than the window, and canvases do not follow: pictures of them do. */
window.addEventListener("beforeprint", () => {
  for (const root of Bokeh.documents.flatMap((doc) => doc.roots())) {
    const view = Bokeh.index.find_one(root), place = view.el.parentElement;
    const picture = eisfit.element("img", undefined, "printed");
    picture.src = view.export("png").canvas.toDataURL();
    if (place.offsetWidth > 0) place.append(picture);
  }
});
window.addEventListener("afterprint", () => document.querySelectorAll(".printed").forEach((one) => one.remove()));
