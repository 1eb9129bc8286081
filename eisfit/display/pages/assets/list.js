/* Which spectrum: grade, picture, condition, the wanted parameter, residual; filter, order, counts. */
eisfit.List = class {
  constructor(items, choose) {
    const { byId } = eisfit;
    Object.assign(this, { items, choose, hidden: new Set(), order: [] });
    byId("filter").addEventListener("input", () => this.draw());
    byId("sort").addEventListener("change", () => this.draw());
    byId("rows").addEventListener("click", (event) => {
      const row = event.target.closest("[data-item]");
      if (row) choose(Number(row.dataset.item));
    });
    byId("rows").addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, Home: -1e9, End: 1e9 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.step(step);
    });
  }

  step(by) {
    const here = this.order.indexOf(this.items.at), next = Math.max(0, Math.min(this.order.length - 1, here + by));
    if (this.order.length) this.choose(this.order[next]);
  }

  sorts() {
    const select = eisfit.byId("sort"), before = select.value, { element, texts } = eisfit;
    const wanted = this.wanted(), options = [["", texts.fileOrder], ...this.items.axes().map((name) => [name, texts.byQuantity(name)]),
      ["residual", texts.byResidual], ...["grade", wanted].filter(Boolean).map((name) => [name, texts.byQuantity(name)])];
    select.replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
    select.value = before;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  }

  /* The parameter that the list shows: the one most often asked for. */
  wanted() {
    const counts = new Map();
    for (const { entry } of this.items.all) if (entry.wanted) counts.set(entry.wanted, (counts.get(entry.wanted) || 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name)[0] || "";
  }

  draw() {
    const { byId, Items, element, texts } = eisfit, { items } = this, text = byId("filter").value, sort = byId("sort").value;
    const grade = (item) => (item.entry.error || item.failed ? "!" : item.entry.grade || "");
    const key = (item) => { const v = sort ? Items.quantity(item, sort) : item.number; return v === null || v === undefined ? Infinity : sort === "residual" ? -v : v; };
    const shown = items.all.filter((item) => Items.matches(item, text) && !this.hidden.has(grade(item)));
    shown.sort((a, b) => (key(a) === key(b) ? a.number - b.number : key(a) - key(b)));
    this.order = shown.map((item) => item.number);
    const head = this.wanted();
    byId("list-wanted").replaceChildren(...(head ? [eisfit.symbol(head), " / ", eisfit.unit(this.unitOf(head) || "1"), ", "] : []), texts.residual);
    byId("rows").replaceChildren(...shown.map((item) => this.row(item, head)));
    byId("none-shown").hidden = shown.length > 0 || !items.all.length;
    byId("chips").replaceChildren(...[...eisfit.data.grades, "!", ""].map((g) => {
      const count = items.all.filter((item) => grade(item) === g).length;
      if ((!g || g === "!") && !count) return null;
      const meaning = texts.ofGrade(g);
      const chip = element("button", { type: "button", className: "chip", "aria-pressed": String(!this.hidden.has(g)), title: meaning },
        element("span", { className: `g g${g === "!" ? "D" : g}` }, g || "–"), ` ${count}`);
      chip.setAttribute("aria-label", `${g || "–"} ${count} ${meaning}`);
      chip.addEventListener("click", () => { if (!this.hidden.delete(g)) this.hidden.add(g); this.draw(); });
      return chip;
    }).filter(Boolean));
    this.select();
  }

  unitOf(name) {
    for (const { entry } of this.items.all) { const row = (entry.parameters || []).find((one) => one.name === name); if (row) return row.plain_unit; }
    return "";
  }

  row(item, head) {
    const { element, texts } = eisfit, { entry } = item, grade = entry.error || item.failed ? "!" : entry.grade, row = (entry.parameters || []).find((one) => one.name === head);
    const { cycle, ...others } = entry.conditions || {}, counted = cycle !== undefined, title = counted ? eisfit.condition("cycle", cycle) : entry.name;
    const more = [...Object.entries(others).map(([n, v]) => eisfit.condition(n, v)), item.masks.size ? texts.masked(item.masks.size) : "", counted ? entry.name : ""].filter(Boolean);
    const number = row && row.value !== null ? eisfit.minus(eisfit.digits(row.value, 4)) : "";
    const made = element("li", { role: "option", id: `row-${item.number}`, title: entry.name },
      element("span", { className: `g g${grade === "!" ? "D" : grade || ""}` }, grade || "–"), this.picture(item),
      element("span", { className: "nm" }, title, element("small", {}, more.join(", "))),
      element("span", { className: "r" }, row && row.doubted ? `(${number})` : number || (entry.error ? texts.failed : ""),
        element("small", {}, entry.rms === null || entry.rms === undefined ? "" : `${(100 * entry.rms).toPrecision(2)} %`)));
    made.dataset.item = item.number;
    return made;
  }

  picture(item) {
    const { shape } = eisfit, { re, im } = item.points, svg = shape("svg", { viewBox: "0 0 58 30", "aria-hidden": "true" });
    svg.append(shape("path", { class: "ax", d: "M1,28H57" }));
    if (re.length) {
      const k = Math.min(54 / Math.max(...re.map(Math.abs), 1e-12), 26 / Math.max(...im.map((v) => -v), 1e-12));
      svg.append(shape("polyline", { class: "thumb", points: re.map((v, n) => `${(2 + v * k).toFixed(1)},${(28 + im[n] * k).toFixed(1)}`).join(" ") }));
    }
    return svg;
  }

  select() {
    const rows = eisfit.byId("rows"), { at } = this.items;
    for (const row of rows.children) row.setAttribute("aria-selected", String(Number(row.dataset.item) === at));
    const row = eisfit.byId(`row-${at}`);
    if (!row) { rows.removeAttribute("aria-activedescendant"); return; }
    rows.setAttribute("aria-activedescendant", row.id);
    const top = row.offsetTop - rows.offsetTop;
    if (top < rows.scrollTop || top + row.offsetHeight > rows.scrollTop + rows.clientHeight) rows.scrollTop = top - 60;
    if (rows.scrollWidth > rows.clientWidth + 4) rows.scrollLeft = row.offsetLeft - rows.offsetLeft - 40;
  }
};
