/* The workbench: what is chosen, pointed at, masked, moved and fitted, and who is asked for it. */
eisfit.Bench = class {
  constructor(engine) {
    this.engine = engine;
    this.interactive = engine.kind !== "none";
    this.items = new eisfit.Items(eisfit.data);
    this.hot = null;
    this.pinned = false;
    this.list = new eisfit.List(this.items, (n) => this.choose(n));
    this.trend = new eisfit.Trend(this.items, (n) => this.choose(n));
    this.sliders = new eisfit.Sliders((...change) => this.moved(...change));
    this.panels = Object.fromEntries(["nyquist", "nyquist-high", "magnitude", "phase", "residuals"].map((id) => [id, new eisfit.Panel(id, this)]));
    document.body.classList.add(engine.kind);
    document.body.classList.toggle("reading", !this.interactive);
  }

  get item() { return this.items.current; }

  /* Show everything anew. */
  draw({ list = true } = {}) {
    const { byId } = eisfit, { item } = this;
    byId("empty").hidden = Boolean(item);
    byId("app").classList.toggle("without", !item);
    if (list) { this.list.sorts(); this.list.draw(); this.trend.draw(this.list); } else this.list.select();
    byId("undo").disabled = !this.items.past.length;
    if (!item) return;
    byId("app").classList.toggle("failed", Boolean(item.entry.error) && !item.points.f.length);
    eisfit.verdict(item, { interactive: this.interactive, mask: (hit) => this.mask(hit, true) });
    eisfit.circuitPart(item);
    eisfit.tables(item);
    this.maskButtons();
    this.code();
    this.plots();
    const field = byId("circuit");
    if (document.activeElement !== field) field.value = item.circuit || item.entry.circuit || "";
    byId("known").value = [...byId("known").options].some((o) => o.value === item.circuit) ? item.circuit : item.circuit ? "own" : "";
  }

  plots() {
    const { item } = this, { texts } = eisfit;
    if (!item || !item.points.f.length) return;
    const view = this.items.view(item), { points, line } = view, wide = window.innerWidth > 1000, p = this.panels;
    eisfit.nyquist(p.nyquist, view, { tallest: wide ? 340 : 300 });
    const crowd = this.crowded(points, p.nyquist), high = p["nyquist-high"].svg;
    high.parentNode.hidden = !crowd;
    if (crowd) eisfit.nyquist(p["nyquist-high"], view, { keep: (k) => points.f[k] >= crowd, tallest: 190, note: texts.enlarged(eisfit.hertz(crowd)) });
    else p["nyquist-high"].places = [];
    const [factor, unit] = eisfit.ohm(Math.max(...points.re.map((v, k) => Math.hypot(v, points.im[k])))), phase = (a, b) => Math.atan2(b, a) * 180 / Math.PI;
    const size = (z) => z.re.map((v, k) => factor * Math.hypot(v, z.im[k])), angle = (z) => z.re.map((v, k) => phase(v, z.im[k])), pairs = (values) => line.f.map((f, k) => [f, values[k]]);
    eisfit.overFrequency(p.magnitude, view, texts.modulus(unit), [size(points)], { log: true, fit: line ? pairs(size(line)) : [], height: wide ? 130 : 140 });
    eisfit.overFrequency(p.phase, view, texts.phase, [angle(points)], { fit: line ? pairs(angle(line)) : [], height: wide ? 130 : 130 });
    eisfit.overFrequency(p.residuals, view, texts.residuals, view.residuals, { symmetric: true, xLabel: true, height: wide ? 178 : 170 });
    eisfit.byId("residuals-of").textContent = view.of;
    eisfit.byId("noise-key").hidden = !view.noise;
    eisfit.byId("fails-key").hidden = !view.ranges.length;
    eisfit.byId("others-key").hidden = !view.others.length;
    p.nyquist.svg.setAttribute("aria-label", texts.nyquistOf(item.entry.name, points.f.length, eisfit.hertz(Math.min(...points.f)), eisfit.hertz(Math.max(...points.f))));
    p.residuals.svg.setAttribute("aria-label", texts.residualsOf(view.of, eisfit.digits(Math.max(0, ...view.residuals.flat().filter((v) => v !== null).map(Math.abs)), 2)));
    this.light(this.hot, true);
  }

  /* The lowest frequency down to which the points are seen at least 2.5 times as large alone; 0 where none is. */
  crowded(points, panel) {
    const room = [panel.width - 60, 138], size = (values) => Math.max(...values) - Math.min(...values);
    for (let k = Math.floor(points.f.length * 0.6); k >= 10; k -= 1) {
      const scale = Math.min(room[0] / size(points.re.slice(0, k + 1)), room[1] / size([0, ...points.im.slice(0, k + 1)]));
      if (Number.isFinite(scale) && scale > 2.5 * panel.scale) return points.f[k];
    }
    return 0;
  }

  listen(panel) {
    const { svg } = panel;
    let from = null;
    svg.addEventListener("pointerdown", (e) => { if (e.button === 0) from = panel.at(e); });
    svg.addEventListener("pointermove", (e) => {
      const here = panel.at(e);
      if (from && this.interactive && Math.hypot(here[0] - from[0], here[1] - from[1]) > 5) { svg.setPointerCapture(e.pointerId); panel.drag(from, here); return; }
      if (!from && !this.pinned && e.pointerType === "mouse") this.light(panel.near(here));
    });
    svg.addEventListener("pointerup", (e) => {
      const start = from, here = panel.at(e);
      from = null;
      if (!start) return;
      if (Math.hypot(here[0] - start[0], here[1] - start[1]) > 5) { if (this.interactive) this.mask(panel.within(start, here), true); return; }
      const k = panel.near(here);
      if (k === null) { this.pinned = false; this.light(null); return; }
      if (this.interactive && (e.pointerType === "mouse" || this.hot === k)) { this.mask([k]); return; }
      this.pinned = !(this.pinned && this.hot === k);
      this.light(k);
    });
    svg.addEventListener("pointercancel", () => { from = null; this.plots(); });
    svg.addEventListener("pointerleave", () => { if (!this.pinned && !from) this.light(null); });
  }

  light(k, again = false) {
    if (k === this.hot && !again) return;
    this.hot = k;
    for (const panel of Object.values(this.panels)) panel.light(k);
    const { byId, element, texts } = eisfit, { item } = this, place = byId("readout");
    if (k === null || !item || item.points.f[k] === undefined) {
      place.replaceChildren(texts.pointAt(this.interactive));
      return;
    }
    const { f, re, im } = item.points, [factor, unit] = eisfit.ohm(Math.hypot(re[k], im[k])), residual = this.items.view(item).residuals.map((r) => r[k]);
    const spell = (v) => eisfit.minus(eisfit.digits(v, 4)), ohm = (v) => `${spell(v * factor)}\u00a0${unit}`;
    const words = texts.pointed({ real: ohm(re[k]), imaginary: ohm(-im[k]), modulus: ohm(Math.hypot(re[k], im[k])), phase: spell(Math.atan2(im[k], re[k]) * 180 / Math.PI) });
    if (residual[0] !== null) words.push(texts.pointResidual(...residual.map((r) => eisfit.minus(r.toFixed(2)))));
    if (eisfit.Items.out(item, k)) words.push(texts.pointMasked);
    place.replaceChildren(element("b", {}, eisfit.hertz(f[k])), ...words.map((text) => element("span", {}, text)));
  }

  choose(n) {
    this.items.at = n;
    this.pinned = false;
    this.hot = null;
    this.draw({ list: false });
    this.trend.draw(this.list);
    if (this.item) this.sliders.draw(this.item);
    if (this.interactive) this.work.first(this.item);
  }

  mask(hit, add = false) {
    const { item } = this;
    if (!this.interactive || !item.spectrum || !hit.length) return;
    this.items.remember(item);
    for (const k of hit) if (add || !item.masks.has(k)) item.masks.add(k); else item.masks.delete(k);
    this.lastHit = hit.length > 1 ? hit : null;
    this.changed(item);
  }

  changed(item) {
    item.dirty = Boolean(item.entry.grade);
    item.ranking = null;
    this.draw();
  }

  maskButtons() {
    const { byId, element, texts } = eisfit, { item } = this, found = [];
    const button = (id, words, act, kind = "") => { const b = element("button", { type: "button", id, className: kind }, words); b.addEventListener("click", act); found.push(b); };
    if (this.interactive) {
      if (item.dirty) button("again", texts.fitAgain, () => this.work.fit(item), "main");
      if (this.lastHit && item.masks.size) button("only", texts.onlyRange, () => this.only());
      if (item.masks.size || item.range) button("unmask", item.range ? texts.useAll : texts.unmask(item.masks.size), () => { this.items.remember(item); item.masks.clear(); item.range = null; this.lastHit = null; this.changed(item); });
    }
    byId("mask-buttons").replaceChildren(...found);
  }

  only() {
    const { item } = this, f = this.lastHit.map((k) => item.points.f[k]);
    for (const k of this.lastHit) item.masks.delete(k);
    item.range = [Math.min(...f), Math.max(...f)];
    this.lastHit = null;
    this.changed(item);
  }

  moved(name, value, how) {
    const { item } = this;
    if (how === "wrong") { this.problem(eisfit.texts.notANumber(name, value)); return; }
    if (how !== "change" && this.moving !== name) this.items.remember(item);
    this.moving = how === "input" ? name : null;
    if (how === "hold") { item.held[value ? "add" : "delete"](name); this.work.simulate(item); return; }
    if (how === "change") return;
    item.values[name] = value;
    this.work.simulate(item);
  }

  code() {
    const { item } = this, fit = item.repeat || item.fit;
    eisfit.byId("code").textContent = fit ? fit.command : "";
    eisfit.byId("take").hidden = !fit && this.interactive;
  }

  problem(text) {
    const place = eisfit.byId("problem");
    place.hidden = !text;
    place.textContent = text || "";
  }

  /* Files that gave no spectrum: they stay in sight, whatever is asked next. */
  unread(errors) {
    const place = eisfit.byId("unread"), more = errors.length - 10, said = errors.slice(0, 10);
    place.hidden = !errors.length;
    place.replaceChildren(eisfit.element("b", {}, eisfit.texts.unread(errors.length)),
      ...[...said, ...(more > 0 ? [eisfit.texts.moreUnread(more)] : [])].map((text) => eisfit.element("div", {}, text)));
  }

  busy(words) {
    const place = eisfit.byId("busy");
    place.hidden = !words;
    eisfit.byId("busy-words").textContent = words;
    document.body.dataset.busy = words ? "yes" : "no";
  }
};
