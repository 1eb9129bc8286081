/* Why: the verdict, the circuit, what the data supports, the parameters. */
eisfit.MARKS = { determined: "●", extrapolated: "◐", ambiguous: "◇", open: "○", fixed: "■" };

eisfit.verdict = (item, { interactive, mask }) => {
  const { byId, element, texts, Items } = eisfit, { entry } = item, big = byId("big"), head = byId("head"), sub = byId("sub");
  const grade = item.moved ? "" : entry.error || item.failed ? "!" : entry.grade, row = (entry.parameters || []).find((one) => one.name === entry.wanted);
  big.textContent = grade || "–";
  big.className = `big g${grade === "!" ? "D" : grade || ""}`;
  const left = Items.left(item), all = item.points.f.length, percent = (part) => eisfit.digits(100 * part, 3);
  const simulated = entry.simulated ? element("span", { className: "badge" }, texts.simulated) : null;
  if (entry.error || item.failed) {
    head.replaceChildren(element("b", {}, texts.failedFor), entry.error || item.failed);
    sub.replaceChildren(entry.name);
  } else if (item.moved) {
    head.replaceChildren(texts.byHand(percent(item.moved.rms)));
    sub.replaceChildren(entry.grade ? texts.fitHad(percent(entry.rms)) : "", texts.fitFromHere);
  } else if (!entry.grade) {
    head.replaceChildren(item.busy ? texts.fitting : texts.notFitted, simulated || "");
    sub.replaceChildren(`${entry.name}: ${texts.allPoints(all)}`);
  } else {
    const value = row ? [eisfit.symbol(row.name), " = ", eisfit.value(row), `, ${row.word}. `] : [];
    head.replaceChildren(...value, element("span", { className: "soft" }, texts.fitSaid(entry.said)), simulated || "");
    sub.replaceChildren(element("span", { id: "name" }, entry.name), `: ${texts.pointsUsed(left, all, percent(entry.rms))}`);
  }
  if (item.dirty) sub.append(element("b", { id: "stale" }, texts.stale(interactive)));
  eisfit.kramersKronig(item);
  byId("flags").replaceChildren(...eisfit.flags(item, interactive, mask));
};

eisfit.kramersKronig = (item) => {
  const { byId, element } = eisfit, { kk } = item.entry, place = byId("kk");
  place.hidden = !kk;
  if (kk) place.replaceChildren(element("b", { className: kk.ok === false ? "gD" : "" }, eisfit.texts.kramersKronig), kk.text);
};

/* Cause and cure of each flag, one after the other; what warns is never folded. */
eisfit.flags = (item, interactive, mask) => {
  const { element } = eisfit, { entry } = item, flags = [...(entry.flags || [])];
  for (const flag of (entry.kk && entry.kk.flags) || []) if (!flags.some((own) => own.name === flag.name && own.words === flag.words)) flags.push(flag);
  const found = flags.map((flag) => element("p", { className: `flag ${flag.level}` }, element("b", {}, `${flag.level || "tells"} `), element("span", { className: "mut" }, `${flag.name}: `), ...eisfit.prose(flag.words)));
  const ranges = (entry.kk && entry.kk.ranges) || [], hit = item.points.f.flatMap((f, k) => (ranges.some(([a, b]) => f >= a * 0.999 && f <= b * 1.001) && !item.masks.has(k) ? [k] : []));
  if (interactive && entry.kk && entry.kk.ok === false && hit.length && hit.length < item.points.f.length - 4) {
    const button = element("button", { type: "button", id: "mask-kk" }, eisfit.texts.maskFailing(hit.length));
    button.addEventListener("click", () => mask(hit));
    found.push(element("p", { className: "btns" }, button));
  }
  return found;
};

eisfit.circuitPart = (item) => {
  const { byId, element, texts } = eisfit, { entry } = item, string = entry.circuit || (item.described && item.described.string) || "";
  const picture = (item.fit && item.fit.drawing) || (item.described && item.described.drawing) || (eisfit.data.drawings || {})[string];
  byId("string").textContent = string;
  const place = byId("drawing");
  place.hidden = !picture;
  if (picture) place.innerHTML = picture; // eisfit's own drawing of a string that it has read, its labels escaped
  byId("chosen").textContent = item.chosen || "";
  const { ranking } = item, box = byId("ranking");
  box.hidden = !ranking;
  if (!ranking) return;
  byId("ranking-said").textContent = ranking.ranking.length ? texts.tried(ranking.tried) : "";
  byId("ranking-flags").replaceChildren(...ranking.flags.map((flag) => element("p", { className: `flag ${flag.level}` }, ...eisfit.prose(flag.words))));
  byId("ranked").replaceChildren(...ranking.ranking.slice(0, 6).filter((row, k) => k < 2 || row.probability >= 0.01).map((row, k) => {
    const use = element("button", { type: "button", className: "plain", title: texts.fitWithCircuit }, row.string);
    use.dataset.circuit = row.string;
    const alike = row.equivalent.length > 1 ? element("small", {}, texts.formsAlike(row.equivalent.length)) : null;
    return element("tr", { className: row.string === string ? "hl" : "" }, element("td", {}, `${k + 1} `, use, alike),
      element("td", { className: "n" }, row.rms), element("td", { className: "n pb" }, row.chance, element("i", { style: `width:${100 * row.probability}%` })));
  }));
};

eisfit.errorParts = (row) => {
  const part = (value) => eisfit.digits(value, 2);
  if (!row.stderr || !row.model) return "";
  return eisfit.texts.errorParts(part(row.noise), part(row.model), row.unit === row.plain_unit ? "" : row.plain_unit.replace("ohm", "Ω").replace("alpha", "α"));
};

eisfit.tables = (item) => {
  const { byId, element } = eisfit, { entry } = item, rows = entry.parameters || [];
  byId("parameters").replaceChildren(...rows.flatMap((row) => {
    const word = element("span", { className: `vd ${row.verdict}` }, `${eisfit.MARKS[row.verdict] || ""} ${row.word}`);
    const made = element("tr", { className: "main-row" }, element("th", { scope: "row", title: row.name }, eisfit.symbol(row.name)),
      element("td", { className: "n" }, row.doubted ? `(${eisfit.minus(row.text)})` : eisfit.minus(row.text)),
      element("td", {}, eisfit.unit(row.unit)), element("td", { className: "w" }, word));
    made.dataset.name = row.name;
    const about = [row.meaning, eisfit.errorParts(row)].filter(Boolean).join("; ");
    return [made, element("tr", {}, element("td", { colSpan: 4, className: "about" }, about))];
  }));
  byId("parameters-none").hidden = rows.length > 0;
  byId("derived-part").hidden = !(entry.derived || []).length;
  byId("derived").replaceChildren(...(entry.derived || []).map(([name, text, unit]) => element("tr", {}, element("th", { scope: "row", title: name }, eisfit.symbol(name)),
    element("td", { className: "n" }, eisfit.minus(text)), element("td", {}, eisfit.unit(unit)))));
  byId("facts").replaceChildren(...(entry.facts || []).map((text) => element("li", {}, text)));
  const notes = eisfit.data.groups[item.group].notes || [];
  byId("notes-part").hidden = !notes.length;
  byId("notes").replaceChildren(...notes.map((text) => element("li", {}, text)));
};

/* Sliders: one a parameter, with a number and a box that holds it. */
eisfit.Sliders = class {
  constructor(changed) { this.changed = changed; this.steps = 1000; this.rows = []; }

  toSlider(row, value) {
    const of = row.scale === "log" ? (v) => Math.log(Math.max(v, 1e-300)) : (v) => v;
    return Math.round(this.steps * Math.min(1, Math.max(0, (of(value) - of(row.low)) / (of(row.high) - of(row.low)))));
  }

  fromSlider(row, place) {
    const part = place / this.steps, low = Math.max(row.low, 1e-300);
    const value = row.scale === "log" ? low ** (1 - part) * row.high ** part : row.low + part * (row.high - row.low);
    return Math.min(row.high, Math.max(row.low, Number(value.toPrecision(4))));
  }

  draw(item) {
    this.item = item;
    this.rows = item.sliders.map((row) => ({ ...row }));
    eisfit.byId("sliders").replaceChildren(...this.rows.map((row) => this.one(row)));
  }

  one(row) {
    const { element, texts } = eisfit, { item } = this, value = item.values[row.name] ?? row.value, free = row.mode === "free";
    row.slider = element("input", { type: "range", min: 0, max: this.steps, step: 1, id: `slider-${row.name}`, disabled: !free });
    row.number = element("input", { type: "text", inputMode: "decimal", id: `value-${row.name}`, disabled: !free, "aria-label": texts.valueOf(row.name) });
    const hold = element("input", { type: "checkbox", id: `hold-${row.name}`, checked: row.mode === "fixed" || item.held.has(row.name), disabled: !free });
    const label = element("label", { htmlFor: `slider-${row.name}`, title: row.describe }, eisfit.symbol(row.name));
    const holding = element("label", { className: "hold" }, hold, row.mode === "tied" ? `= ${row.expr}` : row.mode === "fixed" ? texts.fixed : texts.hold);
    this.show(row, value);
    row.slider.addEventListener("input", () => { this.show(row, this.fromSlider(row, Number(row.slider.value))); this.changed(row.name, Number(row.number.value), "input"); });
    row.slider.addEventListener("change", () => this.changed(row.name, Number(row.number.value), "change"));
    row.number.addEventListener("change", () => {
      const given = Number(row.number.value.replace(",", "."));
      if (row.number.value.trim() && Number.isFinite(given)) { this.show(row, given); this.changed(row.name, given, "number"); } else this.changed(row.name, row.number.value, "wrong");
    });
    hold.addEventListener("change", () => this.changed(row.name, hold.checked, "hold"));
    return element("div", { className: "sl" }, label, row.slider, row.number, eisfit.unit(row.unit), holding);
  }

  show(row, value) {
    row.number.value = eisfit.digits(value, 6);
    row.slider.value = this.toSlider(row, value);
    row.slider.setAttribute("aria-valuetext", `${row.number.value} ${row.unit}`);
  }
};
