/* Files that come in, what the engine is asked for, and what is done with its answers. */
eisfit.Work = class {
  constructor(bench) { this.bench = bench; this.engine = bench.engine; this.under = 0; this.stop = false; }

  async ask(words, op, payload, quiet = false) {
    const { bench } = this;
    this.under += 1;
    if (!quiet) bench.busy(words);
    try {
      const told = await this.engine.call(op, payload, (part, said) => bench.busy(said || `${words} ${Math.round(100 * part)} %`));
      if (told && told.error) throw new Error(told.error);
      bench.problem("");
      return told;
    } catch (error) {
      bench.problem(error.message === "cancelled" ? "" : error.message);
      return null;
    } finally {
      this.under -= 1;
      if (!this.under) bench.busy("");
    }
  }

  /* A spectrum that is looked at for the first time is fitted. */
  async first(item) {
    if (!item || !item.spectrum || item.entry.grade || item.tried || item.entry.error) return;
    item.tried = true;
    if (item.circuit) await this.describe(item, item.circuit);
    await this.fit(item);
  }

  async describe(item, circuit) {
    const told = await this.ask(eisfit.texts.readingCircuit, "circuit", { ...eisfit.Items.ask(item), circuit });
    if (!told) return false;
    this.take(item, told.parameters);
    item.described = { ...told.circuit, drawing: told.drawing };
    if (item === this.bench.item) this.bench.draw({ list: false });
    return true;
  }

  take(item, sliders) {
    item.sliders = sliders;
    item.values = Object.fromEntries(sliders.filter((row) => row.mode === "free").map((row) => [row.name, row.value]));
    if (item === this.bench.item) this.bench.sliders.draw(item);
  }

  async fit(item, { remember = true, words = "" } = {}) {
    const { bench } = this;
    if (!item || !item.spectrum) return false;
    if (remember && item.entry.grade) bench.items.remember(item);
    item.busy = true;
    if (item === bench.item) bench.draw({ list: false });
    const set = item.moved || item.held.size ? { values: item.values, held: [...item.held] } : {};
    const told = await this.ask(words || eisfit.texts.fittingOne(item.entry.name), "fit", { ...eisfit.Items.ask(item), ...set, ...this.like(item) });
    item.busy = false;
    if (told) { this.fitted(item, told); document.body.dataset.fits = String(Number(document.body.dataset.fits || 0) + 1); } else item.failed = item.entry.grade ? "" : eisfit.byId("problem").textContent;
    if (item === bench.item || told) bench.draw();
    return Boolean(told);
  }

  /* The circuit that identify chose last, for this spectrum or another: where it serves, nothing is searched. */
  like(item) {
    if (item.circuit) return {};
    const found = [item, ...this.bench.items.all.filter((one) => one !== item).reverse()].find((one) => one.chosen && one.entry.circuit && one.entry.grade === "A");
    return found ? { like: found.entry.circuit } : {};
  }

  fitted(item, told) {
    const { name, cycle, conditions, simulated } = item.entry;
    item.entry = { ...told.entry, name, cycle, conditions, simulated };
    Object.assign(item, { fit: told, repeat: { command: told.command, python: told.python }, moved: null, dirty: false, failed: "" });
    item.chosen = told.document.circuit.chosen_by === "identify" ? eisfit.texts.chosenByIdentify : "";
    this.take(item, told.parameters);
  }

  /* Moves come faster than answers: one question is under way, and the newest waits. */
  async simulate(item) {
    if (this.simulating) { this.waiting = item; return; }
    this.simulating = true;
    const circuit = item.entry.circuit || item.circuit;
    const told = await this.ask("", "simulate", { ...eisfit.Items.ask(item), circuit, values: item.values, held: [...item.held] }, true);
    this.simulating = false;
    if (this.waiting) { const next = this.waiting; this.waiting = null; this.simulate(next); return; }
    if (!told) return;
    item.circuit = item.circuit || circuit;
    item.moved = { line: { f: told.curve.frequency_Hz, re: told.curve.Z_real_ohm, im: told.curve.Z_imag_ohm }, rms: told.rms_relative_residual,
      re: told.residual_real_percent, im: told.residual_imag_percent };
    item.repeat = { command: told.command, python: told.python };
    for (const row of this.bench.sliders.rows) if (row.mode === "tied") this.bench.sliders.show(row, told.values[row.name]);
    if (item === this.bench.item) this.bench.draw({ list: false });
    document.body.dataset.drawn = String(Number(document.body.dataset.drawn || 0) + 1);
  }

  async use(item, circuit) {
    this.bench.items.remember(item);
    if (circuit && !(await this.describe(item, circuit))) { this.bench.items.past.pop(); this.bench.draw({ list: false }); return; }
    Object.assign(item, { circuit, moved: null, held: new Set() });
    await this.fit(item, { remember: false });
  }

  async identify(item) {
    const told = await this.ask(eisfit.texts.identifying(item.entry.name), "identify", eisfit.Items.ask({ ...item, circuit: "" }));
    if (!told) return;
    item.ranking = told;
    this.bench.draw({ list: false });
    if (told.ranking.length && told.ranking[0].string !== item.entry.circuit) await this.use(item, told.ranking[0].string);
  }

  async fitAll() {
    const { bench } = this, waiting = bench.items.all.filter((item) => item.spectrum && (!item.entry.grade || item.dirty)), all = waiting.length ? waiting : bench.items.all.filter((item) => item.spectrum);
    this.stop = false;
    for (let k = 0; k < all.length && !this.stop; k += 1) { all[k].tried = true; await this.fit(all[k], { words: eisfit.texts.fittingOf(k + 1, all.length) }); }
  }

  async track() {
    const { bench } = this, of = bench.items.all.filter((item) => item.spectrum && !item.entry.error && item.group === bench.item.group), axis = eisfit.byId("trend-over").value;
    const asked = bench.item.circuit || bench.item.entry.circuit;
    const told = await this.ask(eisfit.texts.following(of.length), "track", { spectra: of.map((item) => item.spectrum), ...(asked ? { circuit: asked } : {}), ...(axis ? { by: axis } : {}) });
    if (!told) return;
    const circuit = asked || told.document.circuit.string;
    for (const result of told.results) {
      const k = told.results.indexOf(result), item = of.find((one) => one.spectrum.source === (result.spectrum || {}).source && one.spectrum.index === (result.spectrum || {}).index);
      if (!item || result.error) continue;
      bench.items.remember(item);
      const { name, cycle, conditions, simulated } = item.entry;
      Object.assign(item, { entry: { ...told.entries[k], name, cycle, conditions, simulated }, fit: { document: result, command: "", python: "" }, moved: null, dirty: false, tried: true, circuit });
    }
    const group = bench.items.groups[bench.item.group];
    Object.assign(group, { trends: told.trends, axis: told.document.axis });
    bench.draw();
    await this.describe(bench.item, circuit);
  }

  async open(files) {
    const { bench } = this, { texts } = eisfit, label = files.length === 1 ? files[0].name : texts.files(files.length);
    if (!files.length) return;
    bench.busy(texts.reading);
    if (files.length === 1 && files[0].name.endsWith(".json")) {
      let document = null;
      try { document = JSON.parse(await files[0].text()); } catch { document = null; }
      if (document && document.schema === eisfit.session.schema) { await eisfit.session.open(this, document); return; }
    }
    const contents = await Promise.all([...files].map(async (file) => ({ name: file.name, base64: await eisfit.base64(file) })));
    const told = await this.ask(texts.readingFile(label), "read", { files: contents });
    if (!told) return;
    this.arrived(told.spectra, label);
    bench.unread(told.failures.map((one) => one.error));
  }

  /* Spectra that came in stand at the end of the list, and the first of them is shown. */
  arrived(rows, label) {
    const { items } = this.bench;
    if (!rows.length) return;
    items.groups.push({ label, series: rows.length > 1, notes: [], entries: [], trends: {} });
    const first = items.all.length;
    for (const row of rows) {
      const item = items.add(row.entry, row.spectrum, items.groups.length - 1);
      eisfit.session.restore(this, item, row);
    }
    this.bench.draw();
    this.bench.choose(first);
  }

  documents(all) {
    const of = all ? this.bench.items.all : [this.bench.item];
    return of.filter((item) => item && item.fit).map((item) => item.fit.document);
  }

  async download(op, form, all) {
    const results = this.documents(all);
    if (!results.length) { this.bench.problem(eisfit.texts.nothingFitted); return; }
    const told = await this.ask(eisfit.texts.writing, op, { results, ...(form ? { form } : {}) });
    if (told) eisfit.save(told.name, told.text);
  }
};

eisfit.base64 = async (file) => {
  const bytes = new Uint8Array(await file.arrayBuffer()), pieces = [];
  for (let k = 0; k < bytes.length; k += 32768) pieces.push(String.fromCharCode(...bytes.subarray(k, k + 32768)));
  return btoa(pieces.join(""));
};

eisfit.save = (name, text) => {
  const link = eisfit.element("a", { href: URL.createObjectURL(new Blob([text])), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

eisfit.copy = async (text, button) => {
  const place = eisfit.byId("code"), before = button.textContent;
  place.textContent = text;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = eisfit.texts.copied;
  } catch {
    getSelection().selectAllChildren(place);
    button.textContent = eisfit.texts.selected;
  }
  setTimeout(() => { button.textContent = before; }, 2000);
};
