/* The linked panels: drawings whose points are known by their number in the spectrum. */
eisfit.Panel = class {
  /* `bench` is told what is pointed at, clicked and dragged over. */
  constructor(id, bench) {
    this.id = id;
    this.svg = eisfit.byId(id);
    this.places = [];
    this.hot = null;
    bench.listen(this);
  }

  /* Clear it, `height` high and as wide as its place. */
  open(height, margins) {
    this.width = Math.max(220, this.svg.parentNode.clientWidth);
    this.height = height;
    [this.top, this.right, this.bottom, this.left] = margins;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.style.height = `${height}px`;
    this.svg.replaceChildren();
    this.places = [];
  }

  add(tag, attributes, ...children) {
    const made = eisfit.shape(tag, attributes, ...children);
    this.svg.append(made);
    return made;
  }

  text(x, y, words, kind = "tick", anchor = "middle", more = {}) {
    const parts = Array.isArray(words) ? words : [words];
    return this.add("text", { x: x.toFixed(1), y: y.toFixed(1), class: kind, "text-anchor": anchor, ...more }, ...parts);
  }

  frame(xTicks, yTicks, xLabel, yLabel) {
    const { left, right, top, bottom, width, height } = this, base = height - bottom;
    for (const [x, words] of xTicks) {
      this.add("path", { class: "grid", d: `M${x.toFixed(1)},${top}V${base}` });
      if (words && xLabel) this.text(x, base + 15, words);
    }
    for (const [y, words] of yTicks) {
      this.add("path", { class: "grid", d: `M${left},${y.toFixed(1)}H${width - right}` });
      this.text(left - 6, y + 4, words, "tick", "end");
    }
    this.add("path", { class: "ax", d: `M${left},${top}V${base}H${width - right}` });
    if (xLabel) this.text((left + width - right) / 2, height - 4, xLabel);
    this.text(11, (top + base) / 2, yLabel, "tick", "middle", { transform: `rotate(-90 11 ${(top + base) / 2})` });
  }

  line(points, kind = "fit") {
    const drawn = points.filter((p) => p.every(Number.isFinite)).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
    if (drawn.length > 1) this.add("polyline", { class: kind, points: drawn.join(" ") });
  }

  /* Points; a masked one is a cross. */
  points(places, masked, kind, size) {
    places.forEach((place, k) => {
      if (!place || !place.every(Number.isFinite)) return;
      const [x, y] = place.map((v) => Number(v.toFixed(1)));
      if (masked(k)) this.add("path", { class: "mk", d: `M${x - 3},${y - 3}l6,6m0,-6l-6,6` });
      else if (kind === "pt i") this.add("rect", { class: kind, x: x - size, y: y - size, width: 2 * size, height: 2 * size });
      else this.add("circle", { class: kind, cx: x, cy: y, r: size });
    });
  }

  /* What lies over everything: the mark of the point that is shown, and the range that is dragged. */
  close(places) {
    this.places = places;
    this.ring = this.add("circle", { class: "hot", r: 6, visibility: "hidden" });
    this.selection = this.add("rect", { class: "sel", width: 0, height: 0 });
  }

  light(k) {
    const place = k === null ? null : this.places[k];
    if (!this.ring) return;
    this.ring.setAttribute("visibility", place ? "visible" : "hidden");
    if (place) { this.ring.setAttribute("cx", place[0]); this.ring.setAttribute("cy", place[1]); }
  }

  /* The number of the point near a place of the drawing; null where there is none. */
  near([x, y]) {
    const flat = !this.id.startsWith("nyquist");
    let best = null, least = 24;
    this.places.forEach((place, k) => {
      if (!place) return;
      const away = flat ? Math.abs(place[0] - x) : Math.hypot(place[0] - x, place[1] - y);
      if (away < least) { least = away; best = k; }
    });
    return best;
  }

  within([x0, y0], [x1, y1]) {
    const flat = !this.id.startsWith("nyquist"), between = (v, a, b) => v >= Math.min(a, b) && v <= Math.max(a, b);
    return this.places.flatMap((p, k) => (p && between(p[0], x0, x1) && (flat || between(p[1], y0, y1)) ? [k] : []));
  }

  drag([x0, y0], [x1, y1]) {
    const flat = !this.id.startsWith("nyquist");
    const box = { x: Math.min(x0, x1), width: Math.abs(x1 - x0), y: flat ? this.top : Math.min(y0, y1),
      height: flat ? this.height - this.bottom - this.top : Math.abs(y1 - y0) };
    for (const [name, value] of Object.entries(box)) this.selection.setAttribute(name, value);
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    return [(event.clientX - box.left) * this.width / box.width, (event.clientY - box.top) * this.height / box.height];
  }
};

/* Round numbers between two ends, about `count` of them. */
eisfit.ticks = (low, high, count) => {
  const raw = (high - low) / count;
  if (!(raw > 0) || !Number.isFinite(raw)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((k) => k * power >= raw) * power, found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + 1e-9) + 1e-12 && found.length < 50; k += 1) found.push(Number((k * step).toPrecision(10)));
  return found;
};

eisfit.logTicks = (low, high) => {
  const found = [], steps = high - low > 2.2 ? [1] : high - low > 0.8 ? [1, 2, 5] : null;
  if (!steps) return eisfit.ticks(10 ** low, 10 ** high, 3).filter((v) => v > 0);
  for (let d = Math.floor(low); d <= high; d += 1) for (const s of steps) { const v = s * 10 ** d; if (Math.log10(v) >= low && Math.log10(v) <= high) found.push(v); }
  return found;
};

/* Nyquist plot at equal scales. `view`: points and line in ohm, others, masked; `keep`: which are drawn. */
eisfit.nyquist = (panel, view, { keep = () => true, tallest = 330, note = "" } = {}) => {
  const { points, line, others } = view, [factor, unit] = eisfit.ohm(Math.max(1e-12, ...points.re.map(Math.abs), ...points.im.map(Math.abs)));
  const whole = !note, shown = points.f.map((_, k) => k).filter(keep);
  const limit = shown.length && note ? points.f[shown[shown.length - 1]] : 0;
  const fit = line ? line.f.map((f, k) => [line.re[k], -line.im[k], f]).filter(([, , f]) => f >= limit * 0.999) : [];
  const framed = whole ? [points, ...others] : [{ re: shown.map((k) => points.re[k]), im: shown.map((k) => points.im[k]) }];
  const xs = framed.flatMap((z) => z.re), ys = framed.flatMap((z) => z.im.map((v) => -v));
  const reach = Math.max(...xs) - Math.min(...xs) || Math.abs(xs[0]) || 1;
  const x0 = whole ? Math.min(0, ...xs) : Math.min(...xs) - 0.06 * reach, x1 = Math.max(...xs) + 0.04 * reach;
  const high = Math.max(...ys), low = Math.min(0, ...ys), tall = high - low || reach;
  const y0 = low - 0.05 * tall, y1 = high + 0.12 * tall;
  const margins = [14, 10, 38, 56], wide = Math.max(220, panel.svg.parentNode.clientWidth) - 66;
  const scale = Math.min(wide / (x1 - x0), (tallest - 52) / (y1 - y0));
  panel.open(Math.max(150, (y1 - y0) * scale + 52), margins);
  panel.scale = scale;
  const base = panel.height - panel.bottom, X = (v) => panel.left + (v - x0) * scale, Y = (v) => base - (v - y0) * scale;
  const x2 = x0 + wide / scale, y2 = y0 + (base - panel.top) / scale, spell = (v) => eisfit.minus(Number((v * factor).toPrecision(6)));
  panel.frame(eisfit.ticks(x0, x2, Math.max(3, wide / 58)).map((v) => [X(v), spell(v)]), eisfit.ticks(y0, y2, Math.max(2, (base - panel.top) / 48)).map((v) => [Y(v), spell(v)]),
    eisfit.texts.real(unit), eisfit.texts.imaginary(unit));
  if (whole) for (const z of others) panel.line(z.re.map((v, k) => [X(v), Y(-z.im[k])]), "other");
  panel.line(fit.map(([re, im]) => [X(re), Y(im)]));
  const places = points.f.map((_, k) => (keep(k) ? [X(points.re[k]), Y(-points.im[k])] : null));
  panel.points(places, view.masked, "pt", 3.3);
  eisfit.labelDecades(panel, points, places, whole);
  if (note) panel.text(panel.width - panel.right, 11, note, "tick", "end");
  panel.close(places);
};

/* Frequencies at whole decades, where there is room for the words. */
eisfit.labelDecades = (panel, points, places, whole) => {
  const taken = [];
  points.f.forEach((f, k) => {
    const power = Math.log10(f), near = Math.round(power);
    if (Math.abs(power - near) > 0.06 || !places[k]) return;
    const [x, y] = places[k], words = eisfit.hertz(10 ** near);
    const before = places[Math.max(0, k - 1)] || places[k], after = places[Math.min(places.length - 1, k + 1)] || places[k];
    const rising = after[1] <= before[1], dx = rising ? -7 : 7, wide = 7 * words.length;
    const box = rising ? [x - wide - 7, y - 16, x - 7, y + 2] : [x + 7, y - 16, x + wide + 7, y + 2];
    const free = taken.every((b) => b[0] > box[2] || b[2] < box[0] || b[1] > box[3] || b[3] < box[1]);
    const clear = places.every((p) => !p || p[0] < box[0] || p[0] > box[2] || p[1] < box[1] || p[1] > box[3]);
    if (!free || (!clear && whole) || box[0] < panel.left || box[2] > panel.width) return;
    taken.push(box);
    panel.text(x + dx, y - 4, words, "dec", rising ? "end" : "start");
  });
};

/* A quantity over frequency. `series`: lists of values a point; `fit`: [f, value] pairs. */
eisfit.overFrequency = (panel, view, label, series, { fit = [], log = false, symmetric = false, xLabel = false, height = 122 } = {}) => {
  const { points, ranges, noise } = view, finite = [...series.flat(), ...fit.map(([, v]) => v)].filter((v) => Number.isFinite(v) && (!log || v > 0));
  let low = Math.min(...finite), high = Math.max(...finite);
  if (!finite.length) [low, high] = log ? [1, 10] : [-1, 1];
  if (log) [low, high] = [Math.log10(low), Math.log10(high)];
  if (symmetric) { high = Math.max(Math.abs(low), Math.abs(high), 0.1); low = -high; }
  const room = 0.08 * (high - low || 1);
  [low, high] = [low - room, high + room];
  panel.open(height, [8, 10, xLabel ? 36 : 8, 56]);
  const base = panel.height - panel.bottom, span = view.span;
  const X = (f) => panel.left + (Math.log10(f) - span[0]) / (span[1] - span[0]) * (panel.width - panel.left - panel.right);
  const Y = (v) => base - ((log ? Math.log10(v) : v) - low) / (high - low) * (base - panel.top);
  for (const [from, to] of ranges) {
    const a = X(Math.max(from / 1.05, 10 ** span[0])), b = X(Math.min(to * 1.05, 10 ** span[1]));
    panel.add("rect", { class: "fails", x: a, y: panel.top, width: Math.max(2, b - a), height: base - panel.top });
  }
  if (symmetric && noise) {
    const ends = [...noise.map(([f, v]) => [X(f), Y(Math.min(v, high))]), ...[...noise].reverse().map(([f, v]) => [X(f), Y(Math.max(-v, low))])];
    panel.line(ends, "noise");
  }
  const every = span[1] - span[0] > 9 ? 3 : panel.width < 330 && span[1] - span[0] > 5 ? 2 : 1, decades = [];
  for (let d = Math.ceil(span[0]); d <= span[1]; d += 1) decades.push([X(10 ** d), d % every ? "" : eisfit.decade(d)]);
  const marks = log ? eisfit.logTicks(low, high) : eisfit.ticks(low, high, Math.max(2, (base - panel.top) / 34));
  panel.frame(decades, marks.map((v) => [Y(v), eisfit.minus(log && v >= 1e4 ? eisfit.decade(Math.floor(Math.log10(v))) : Number(v.toPrecision(4)))]), xLabel ? eisfit.texts.frequency : "", label);
  if (symmetric) panel.add("path", { class: "ax", d: `M${panel.left},${Y(0)}H${panel.width - panel.right}` });
  panel.line(fit.map(([f, v]) => [X(f), Y(v)]));
  series.forEach((values, n) => panel.points(values.map((v, k) => (v === null || !Number.isFinite(v) ? null : [X(points.f[k]), Y(v)])), view.masked, n ? "pt i" : "pt", 2.4));
  panel.close(points.f.map((f, k) => [X(f), series[0][k] === null || !Number.isFinite(series[0][k]) ? Y(log ? 10 ** low : 0) : Y(series[0][k])]));
};
