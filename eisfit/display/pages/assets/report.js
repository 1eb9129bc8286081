/* The report: which spectrum is shown. */
eisfit.report = async () => {
  const { groups, trends, grids } = eisfit.data, byId = eisfit.byId, state = { group: 0, place: 0 };
  const panels = await eisfit.Panels.start();
  for (const one of groups.flatMap((group) => group.entries)) {
    for (const columns of [one.points, one.line]) if (columns) columns.f = grids[columns.f];
  }
  const status = (e) => (e.error ? "FAILED" : e.ok ? "usable" : "not usable");

  const place = (k) => {
    const group = groups[state.group], entry = group.entries[k], several = group.entries.length > 1;
    state.place = k;
    panels.pinned = false;
    byId("shown").classList.toggle("failed", Boolean(entry.error));
    panels.show(entry);
    eisfit.verdict(entry);
    eisfit.tables(entry);
    byId("cycle").value = k;
    byId("before").disabled = k === 0;
    byId("after").disabled = k === group.entries.length - 1;
    const where = several ? ` (${k + 1} of ${group.entries.length})` : "";
    const cycle = entry.cycle ? `cycle ${entry.cycle}` : entry.name;
    byId("what").textContent = several ? `${cycle}${where}` : entry.cycle ? cycle : "";
    trends.forEach((name) => {
      const row = group.trends[name];
      const at = row && !entry.error ? group.fitted.indexOf(k) : -1;
      panels.fill(`mark ${name}`, at < 0 ? { x: [], y: [] } : { x: [row.x[at]], y: [row.y[at]] });
    });
  };

  const choose = (g) => {
    const group = groups[g];
    state.group = g;
    byId("group").value = g;
    byId("cycle-control").hidden = group.entries.length < 2;
    byId("cycle").max = group.entries.length - 1;
    panels.frame(group.entries);
    panels.others(group.entries.length > 1 ? group.entries : []);
    byId("notes").hidden = !group.notes.length;
    byId("notes").querySelector("ul").replaceChildren(...group.notes.map((text) => eisfit.element("li", text)));
    place(0);
  };

  const click = (name) => panels.model(`trend ${name}`).on_event("tap", (e) => {
    const row = groups[state.group].trends[name];
    if (!row) return;
    let best = 0;
    row.x.forEach((x, k) => { if (Math.abs(x - e.x) < Math.abs(row.x[best] - e.x)) best = k; });
    place(groups[state.group].fitted[best]);
  });

  groups.forEach((group, g) => {
    group.fitted = group.entries.map((e, k) => (e.error ? -1 : k)).filter((k) => k >= 0);
    const word = group.entries.length > 1 ? `${group.entries.length} spectra` : status(group.entries[0]);
    const option = eisfit.element("option", `${group.label}: ${word}`);
    option.value = g;
    byId("group").append(option);
    if (!group.color) return;
    const key = eisfit.element("span", undefined, "key cell");
    key.style.background = group.color;
    byId("cells").append(key, group.label);
  });
  byId("choose").hidden = groups.length < 2;
  byId("trends").hidden = !trends.length;
  byId("cells").hidden = groups.filter((group) => group.color).length < 2;
  byId("controls").hidden = groups.length < 2 && groups[0].entries.length < 2 && !groups[0].entries[0].cycle;
  byId("group").addEventListener("change", (e) => choose(Number(e.target.value)));
  byId("cycle").addEventListener("input", (e) => place(Number(e.target.value)));
  byId("before").addEventListener("click", () => place(Math.max(0, state.place - 1)));
  byId("after").addEventListener("click", () => place(Math.min(groups[state.group].entries.length - 1, state.place + 1)));
  trends.forEach(click);
  choose(0);
  Object.assign(eisfit, { panels, state, choose, place });
  document.body.dataset.ready = "yes";
};

eisfit.report();
