/* Buttons, keys, files dropped; then the first spectrum. */
eisfit.start = (engine) => {
  const { byId, element, texts } = eisfit, bench = new eisfit.Bench(engine), work = new eisfit.Work(bench), on = (id, act) => byId(id).addEventListener("click", act);
  Object.assign(bench, { work });
  bench.unread(eisfit.data.unread || []);
  Object.assign(eisfit, { bench, items: bench.items });
  byId("end").textContent = texts.ends[engine.kind];
  byId("known").append(...[["", texts.dataChooses], ...(eisfit.data.circuits || []), ["own", texts.ownString]].map(([value, title]) => element("option", { value, title }, value === "" || value === "own" ? title : value)));
  byId("known").addEventListener("change", () => { const { value } = byId("known"); if (value === "own") byId("circuit").focus(); else work.use(bench.item, value); });
  byId("circuit-form").addEventListener("submit", (event) => { event.preventDefault(); const text = byId("circuit").value.trim(); if (text) work.use(bench.item, text); });
  byId("ranked").addEventListener("click", (event) => { const { circuit } = event.target.dataset; if (circuit) work.use(bench.item, circuit); });
  on("fit", () => work.fit(bench.item));
  on("identify", () => work.identify(bench.item));
  on("fit-all", () => work.fitAll());
  on("track", () => work.track());
  on("cancel", () => { work.stop = true; engine.cancel(); });
  on("undo", () => undo());
  on("back", () => { const { item } = bench; if (!item.fit) return; bench.items.remember(item); item.moved = null; item.held = new Set(); work.take(item, item.fit.parameters || item.sliders); bench.draw({ list: false }); });
  for (const id of ["open", "choose"]) on(id, () => byId("files").click());
  const example = document.querySelector("script[data-example]");
  byId("example").hidden = !example;
  on("example", () => work.open([new File([example.textContent], example.dataset.example)]));
  byId("files").addEventListener("change", () => { work.open(byId("files").files); byId("files").value = ""; });
  on("save", () => eisfit.save("eisfit-session.json", `${JSON.stringify(eisfit.session.pack(bench.items), null, 1)}\n`));
  on("report", () => work.download("report", "", true));
  for (const form of ["json", "csv", "latex", "markdown"]) on(`as-${form}`, () => work.download("export", form, false));
  on("copy-command", () => eisfit.copy((bench.item.repeat || bench.item.fit).command, byId("copy-command")));
  on("copy-python", () => eisfit.copy((bench.item.repeat || bench.item.fit).python, byId("copy-python")));
  on("copy-table", () => eisfit.copy(bench.item.entry.parameters.map((row) => [row.name, row.text, row.unit, row.word].join("\t")).join("\n"), byId("copy-table")));

  const undo = () => { if (bench.items.undo()) { bench.draw(); bench.sliders.draw(bench.item); } };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && work.under) { work.stop = true; engine.cancel(); return; }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || !bench.item) return;
    const size = bench.item.points.f.length, key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === "z") { event.preventDefault(); undo(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "arrowright" || key === "arrowleft") {
      event.preventDefault();
      const step = key === "arrowright" ? -1 : 1, from = bench.hot === null ? (step > 0 ? -1 : size) : bench.hot;
      bench.pinned = true;
      bench.light(Math.max(0, Math.min(size - 1, from + step)));
    } else if (key === "arrowup" || key === "arrowdown") {
      if (event.target.closest("#rows")) return;
      event.preventDefault();
      bench.list.step(key === "arrowdown" ? 1 : -1);
    } else if (bench.interactive && key === "m" && bench.hot !== null) bench.mask([bench.hot]);
    else if (bench.interactive && key === "f") work.fit(bench.item);
    else if (key === "escape") { bench.pinned = false; bench.light(null); }
  });
  if (bench.interactive) {
    document.addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
    document.addEventListener("drop", (event) => { event.preventDefault(); document.body.classList.remove("dropping"); work.open(event.dataTransfer.files); });
  }
  let waiting = 0;
  window.addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => { bench.plots(); bench.trend.draw(bench.list); }, 60); });
  let folded = [];
  window.addEventListener("beforeprint", () => { folded = [...document.querySelectorAll("details:not([open])")]; for (const one of folded) one.open = true; bench.trend.draw(bench.list); bench.plots(); });
  window.addEventListener("afterprint", () => { for (const one of folded) one.open = false; bench.plots(); bench.trend.draw(bench.list); });

  bench.draw();
  if (bench.item) bench.choose(0);
  document.body.dataset.ready = "yes";
};

eisfit.start(eisfit.engines[eisfit.data.engine]());
