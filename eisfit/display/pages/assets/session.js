/* A session: what is saved of every spectrum, and how it comes back; its other half is eisfit/cli/pages/session.py. */
eisfit.session = {
  schema: "eisfit.session/1",

  pack(items) {
    const rows = items.all.filter((item) => item.spectrum).map((item) => ({ spectrum: item.spectrum,
      masks: eisfit.Items.ask(item).masks, ...(item.range ? { range: eisfit.Items.ask(item).range } : {}), ...(item.circuit ? { circuit: item.circuit } : {}),
      ...(item.moved ? { values: item.values } : {}), held: [...item.held], fit: item.fit ? item.fit.document : null }));
    return { schema: this.schema, selected: items.at, spectra: rows };
  },

  async open(work, document) {
    const told = await work.ask(eisfit.texts.openingSession, "session", { session: document });
    if (!told) return;
    const start = work.bench.items.all.length;
    work.arrived(told.spectra, eisfit.texts.session);
    if (Number.isInteger(told.selected) && told.spectra[told.selected]) work.bench.choose(start + told.selected);
  },

  /* What was done to a spectrum; a row of a file that was only read holds none of it. */
  restore(work, item, row) {
    const f = row.spectrum.data.frequency_Hz;
    for (const masked of row.masks || []) { const k = f.indexOf(masked); if (k >= 0) item.masks.add(k); }
    if (row.range && row.range.length) item.range = row.range;
    if (row.circuit) item.circuit = row.circuit;
    if (row.fit) work.fitted(item, { ...row.fit, command: "", python: "" });
    if (row.values && row.fit) item.values = { ...item.values, ...row.values };
    if (row.held) item.held = new Set(row.held);
  },
};
