/* The workbench: sliders move the circuit's curve, a button fits from where they stand. */
eisfit.view = async () => {
  const { byId, element, data } = eisfit;
  const state = { spectrum: 0, circuit: data.first, rows: [], values: {}, held: new Set(), start: {}, document: null };
  const panels = await eisfit.Panels.start();

  const problem = (text) => {
    byId("problem").hidden = !text;
    byId("problem").textContent = text || "";
  };

  /* One question to the server beside this page; null where it has complained. */
  const ask = async (what, more) => {
    try {
      const answer = await fetch(`api/${what}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ spectrum: state.spectrum, circuit: state.circuit, ...more }),
      });
      const type = answer.headers.get("Content-Type") || "";
      if (!type.startsWith("application/json")) throw new Error(`eisfit answered ${(await answer.text()).trim()}`);
      const told = await answer.json();
      if (told.error) { problem(told.error); return null; }
      return told;
    } catch (error) {
      problem(error instanceof TypeError ? "eisfit does not answer: is it still running in its terminal?" : error.message);
      return null;
    }
  };

  /* Moves come faster than answers: one question is under way, and the newest waits. */
  let busy = false, waiting = false, picture = null;
  const redraw = async () => {
    if (busy) { waiting = true; return; }
    busy = true;
    const told = await ask("impedance", { values: state.values, held: [...state.held] });
    busy = false;
    if (waiting) { waiting = false; redraw(); return; }
    if (!told) return;
    problem("");
    draw(told.curve, told.residual_real_percent, told.residual_imag_percent);
    byId("rms").textContent = `${eisfit.digits(100 * told.rms_relative_residual, 3)} %`;
    byId("command").textContent = told.command;
    for (const row of state.rows) if (row.mode === "tied") row.number.value = eisfit.digits(told.values[row.name], 5);
    document.body.dataset.drawn = String(Number(document.body.dataset.drawn || 0) + 1);
  };

  const draw = (curve, re, im) => {
    const line = { f: curve.frequency_Hz, re: curve.Z_real_ohm, im: curve.Z_imag_ohm };
    panels.line(line);
    panels.reach(line);
    panels.columns = { ...panels.columns, res_re: re, res_im: im };
    panels.fill("points", panels.columns);
    const worst = 1.15 * Math.max(0.1, ...re.map(Math.abs), ...im.map(Math.abs));
    panels.range(panels.plot.residuals.y_range, -worst, worst);
  };

  const steps = 1000;
  const toSlider = (row, value) => {
    const of = row.scale === "log" ? Math.log : (v) => v;
    const low = row.scale === "log" ? Math.max(row.low, 1e-300) : row.low;
    return Math.round(steps * Math.min(1, Math.max(0, (of(value) - of(low)) / (of(row.high) - of(low)))));
  };
  const fromSlider = (row, place) => {
    const part = place / steps;
    const value = row.scale === "log" ? Math.max(row.low, 1e-300) ** (1 - part) * row.high ** part
      : row.low + part * (row.high - row.low);
    return Math.min(row.high, Math.max(row.low, Number(value.toPrecision(4))));
  };

  const moved = () => {
    byId("stale").hidden = byId("result").hidden;
    redraw();
  };

  const set = (row, value) => {
    state.values[row.name] = value;
    row.number.value = eisfit.digits(value, 6);
    row.slider.value = toSlider(row, value);
    row.slider.setAttribute("aria-valuetext", `${value} ${row.unit}`);
  };

  const slider = (row) => {
    const box = element("div", undefined, "slider"), head = element("div");
    const label = element("label", row.name), id = `slider-${row.name}`;
    label.htmlFor = id;
    row.slider = Object.assign(element("input"), { type: "range", min: 0, max: steps, step: 1, id });
    row.number = Object.assign(element("input"), { type: "text", inputMode: "decimal", size: 9, id: `value-${row.name}` });
    row.number.setAttribute("aria-label", `value of ${row.name}`);
    const hold = Object.assign(element("input"), { type: "checkbox", id: `hold-${row.name}`, checked: row.mode === "fixed" });
    const holding = element("label", undefined, "hold");
    holding.append(hold, row.mode === "tied" ? `= ${row.expr}` : row.mode === "fixed" ? "fixed" : "hold");
    head.append(label, row.number, element("span", row.unit, "unit"), holding);
    box.append(head, row.slider, element("div", row.describe, "soft"));
    if (row.mode !== "free") for (const one of [row.slider, row.number, hold]) one.disabled = true;
    row.slider.addEventListener("input", () => { set(row, fromSlider(row, Number(row.slider.value))); moved(); });
    row.number.addEventListener("change", () => {
      const value = Number(row.number.value.replace(",", "."));
      if (row.number.value.trim() && Number.isFinite(value)) { set(row, value); moved(); } else problem(`${row.name}: ${row.number.value} is not a number`);
    });
    hold.addEventListener("change", () => { state.held[hold.checked ? "add" : "delete"](row.name); moved(); });
    return box;
  };

  const use = async (circuit) => {
    const before = state.circuit;
    state.circuit = circuit;
    const told = await ask("circuit", {});
    if (!told) { state.circuit = before; byId("known").value = before; return; }
    problem(told.note);
    Object.assign(state, { rows: told.parameters, values: {}, held: new Set(), start: {}, document: null });
    byId("string").textContent = told.circuit.string;
    byId("about").textContent = told.circuit.title;
    picture = told.circuit.drawing;
    eisfit.draw(picture, told.circuit.string);
    byId("circuit").value = told.circuit.string;
    const known = byId("known");
    known.value = circuit;
    if (known.value !== circuit) known.value = "";
    byId("sliders").replaceChildren(...state.rows.map(slider));
    for (const row of state.rows) {
      if (row.mode === "tied") continue;
      set(row, row.value);
      state.start[row.name] = row.value;
    }
    for (const part of ["result", "stale", "verdict"]) byId(part).hidden = true;
    byId("save").disabled = true;
    await redraw();
  };

  const show = async (k) => {
    state.spectrum = k;
    const entry = data.spectra[k];
    panels.frame([entry]);
    panels.show(entry);
    await use(state.circuit);
  };

  const fit = async () => {
    const button = byId("fit");
    button.disabled = true;
    button.textContent = "Fitting …";
    const told = await ask("fit", { values: state.values, held: [...state.held] });
    button.disabled = false;
    button.textContent = "Fit from these values";
    if (!told) return;
    problem("");
    state.document = told.document;
    byId("command").textContent = told.command;
    for (const row of state.rows) {
      if (row.mode === "tied") row.number.value = eisfit.digits(told.values[row.name], 5);
      else set(row, Number(told.values[row.name].toPrecision(6)));
    }
    panels.frame([told.entry]);
    panels.show(told.entry);
    const { res_re: re, res_im: im } = told.entry.points;
    const worst = 1.15 * Math.max(0.1, ...re.map(Math.abs), ...im.map(Math.abs));
    panels.range(panels.plot.residuals.y_range, -worst, worst);
    byId("rms").textContent = `${eisfit.digits(100 * told.document.results[0].statistics.rms_relative_residual, 3)} %`;
    eisfit.verdict(told.entry);
    eisfit.tables(told.entry);
    eisfit.draw(picture, told.entry.circuit);
    byId("verdict").hidden = byId("result").hidden = false;
    byId("stale").hidden = true;
    byId("save").disabled = false;
    document.body.dataset.fits = String(Number(document.body.dataset.fits || 0) + 1);
  };

  const copy = async () => {
    const text = byId("command").textContent;
    try {
      await navigator.clipboard.writeText(text);
      byId("copy").textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(byId("command"));
      byId("copy").textContent = "Selected: copy it with Ctrl-C";
    }
    setTimeout(() => { byId("copy").textContent = "Copy as command"; }, 2500);
  };

  const save = () => {
    const blob = new Blob([`${JSON.stringify(state.document, null, 2)}\n`], { type: "application/json" });
    const link = Object.assign(element("a"), { href: URL.createObjectURL(blob), download: "fit.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  data.spectra.forEach((entry, k) => {
    const option = element("option", entry.cycle ? `${entry.name}, cycle ${entry.cycle}` : entry.name);
    option.value = k;
    byId("spectrum").append(option);
  });
  byId("choose").hidden = data.spectra.length < 2;
  const own = Object.assign(element("option", "own string"), { value: "" });
  byId("known").append(own, ...data.circuits.map(([name, about]) => Object.assign(element("option", name), { value: name, title: about })));
  byId("known").addEventListener("change", (e) => { if (e.target.value) use(e.target.value); else byId("circuit").focus(); });
  byId("circuit-form").addEventListener("submit", (e) => { e.preventDefault(); if (byId("circuit").value.trim()) use(byId("circuit").value.trim()); });
  byId("spectrum").addEventListener("change", (e) => show(Number(e.target.value)));
  byId("fit").addEventListener("click", fit);
  byId("back").addEventListener("click", () => { for (const row of state.rows) if (row.name in state.start) set(row, state.start[row.name]); moved(); });
  byId("copy").addEventListener("click", copy);
  byId("save").addEventListener("click", save);
  Object.assign(eisfit, { panels, state });
  await show(0);
  document.body.dataset.ready = "yes";
};

eisfit.view();
