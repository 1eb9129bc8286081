/* The spectra of the page, what was done to each, and the way back. */
eisfit.Items = class {
  constructor(data) {
    this.all = [];
    this.at = 0;
    this.past = [];
    this.first = data.first || "";
    this.groups = data.groups;
    data.groups.forEach((group, g) => group.entries.forEach((entry, k) => {
      for (const columns of [entry.points, entry.line]) if (columns && data.grids) columns.f = data.grids[columns.f];
      this.add(entry, group.spectra ? group.spectra[k] : null, g);
    }));
  }

  get current() { return this.all[this.at]; }

  add(entry, spectrum, group) {
    const points = entry.points || { f: [], re: [], im: [] };
    const item = { entry, spectrum, group, points, number: this.all.length, place: new Map(points.f.map((f, k) => [f, k])),
      masks: new Set(), range: null, circuit: this.first, sliders: [], values: {}, held: new Set(), moved: null, dirty: false,
      fit: null, ranking: null, failed: "" };
    this.all.push(item);
    return item;
  }

  /* Remember an item as it stands, before something is done to it. */
  remember(item) {
    const copy = { ...item, masks: new Set(item.masks), held: new Set(item.held), values: { ...item.values } };
    this.past.push([this.all.indexOf(item), copy]);
    if (this.past.length > 200) this.past.shift();
  }

  undo() {
    const last = this.past.pop();
    if (!last) return false;
    Object.assign(this.all[last[0]], last[1]);
    this.at = last[0];
    return true;
  }

  static out(item, k) {
    const f = item.points.f[k];
    return item.masks.has(k) || Boolean(item.range && (f < item.range[0] * 0.9999 || f > item.range[1] * 1.0001));
  }

  static left(item) { return item.points.f.filter((_, k) => !eisfit.Items.out(item, k)).length; }

  /* What a question about a spectrum says of it. */
  static ask(item) {
    const f = item.spectrum.data.frequency_Hz, inside = item.range ? f.filter((v) => v >= item.range[0] * 0.9999 && v <= item.range[1] * 1.0001) : [];
    return { spectrum: item.spectrum, masks: [...item.masks].sort((a, b) => a - b).map((k) => f[k]), range: inside.length ? [Math.min(...inside), Math.max(...inside)] : [],
      weighting: eisfit.data.weighting, ...(item.circuit ? { circuit: item.circuit } : {}) };
  }

  /* The columns of a spectrum as the panels draw them: those of the fit, or of the values set by hand. */
  view(item) {
    const { entry, points, place } = item, blank = points.f.map(() => null), spread = (columns, name) => {
      const found = [...blank];
      if (columns && columns[name]) columns.f.forEach((f, k) => { if (place.has(f)) found[place.get(f)] = columns[name][k]; });
      return found;
    };
    const own = entry.points || {}, kk = entry.kk || {}, fitted = Boolean(own.res_re), tested = kk.residuals;
    const residuals = item.moved ? [item.moved.re, item.moved.im] : fitted ? [spread(own, "res_re"), spread(own, "res_im")]
      : [spread(tested, "re"), spread(tested, "im")];
    const ends = [Math.log10(Math.min(...points.f)), Math.log10(Math.max(...points.f))], room = 0.03 * (ends[1] - ends[0] || 1);
    const reach = (z) => Math.max(...z.re.map(Math.abs), ...z.im.map(Math.abs)), largest = 3 * reach(points); // larger ones would leave this one no room
    const fellows = this.all.filter((one) => one !== item && one.group === item.group && !one.entry.error).slice(0, 60);
    return { points, residuals, line: item.moved ? item.moved.line : entry.line, ranges: kk.ranges || [],
      noise: own.noise ? own.f.map((f, k) => [f, own.noise[k]]).filter(([, n]) => n !== null) : null,
      masked: (k) => eisfit.Items.out(item, k), span: [ends[0] - room, ends[1] + room],
      others: this.groups[item.group].series ? fellows.map((one) => one.points).filter((p) => p.f.length && reach(p) <= largest) : [],
      of: item.moved ? eisfit.texts.ofByHand : fitted ? "" : tested ? eisfit.texts.ofKramersKronig : "" };
  }

  /* A quantity of a spectrum that the filter, the order and the trends know. */
  static quantity(item, name) {
    const { entry } = item;
    if (name === "residual" || name === "rms") return entry.rms === null || entry.rms === undefined ? null : 100 * entry.rms;
    if (name === "grade") return entry.grade ? eisfit.data.grades.indexOf(entry.grade) : null;
    if (name in (entry.conditions || {})) return entry.conditions[name];
    const row = (entry.parameters || []).find((one) => one.name === name);
    return row ? row.value : null;
  }

  axes() {
    const names = new Map();
    for (const { entry } of this.all) for (const [name, value] of Object.entries(entry.conditions || {})) names.set(name, (names.get(name) || new Set()).add(value));
    return [...names].sort((a, b) => b[1].size - a[1].size).map(([name]) => name);
  }

  parameters() {
    return [...new Set(this.all.flatMap(({ entry }) => (entry.parameters || []).map((row) => row.name)))];
  }

  /* Whether a spectrum is meant by what stands in the filter: names, and `R_ct>40`, `cycle>=100`, `grade=A`. */
  static matches(item, text) {
    return text.replace(/\s*([<>]=?|=)\s*/g, "$1").trim().split(/[\s,]+/).filter(Boolean).every((term) => {
      const [, name, sign, wanted] = /^([A-Za-z]\w*)\s*(>=|<=|>|<|=)\s*(\S+)$/.exec(term) || [];
      if (!name) return `${item.entry.name} ${item.entry.cycle}`.toLowerCase().includes(term.toLowerCase());
      if (name === "grade" && sign === "=") return item.entry.grade === wanted.toUpperCase();
      const value = eisfit.Items.quantity(item, name), limit = name === "grade" ? eisfit.data.grades.indexOf(wanted.toUpperCase()) : Number(wanted);
      if (value === null || value === undefined || !Number.isFinite(limit)) return false;
      return { ">": value > limit, "<": value < limit, ">=": value >= limit, "<=": value <= limit, "=": value === limit }[sign];
    });
  }
};
