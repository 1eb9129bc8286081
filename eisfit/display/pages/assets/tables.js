/* The verdict and the tables of one spectrum. */
eisfit.table = (head, rows) => {
  const table = eisfit.element("table"), top = table.createTHead().insertRow(), body = table.createTBody();
  for (const title of head) top.append(eisfit.element("th", title));
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((cell, k) => line.append(eisfit.element(k ? "td" : "th", cell)));
  }
  return table;
};

/* Cause and cure of each flag; folded where they would push the figures off a small screen. */
eisfit.flags = (flags) => {
  const details = eisfit.element("details");
  details.open = flags.length < 3 || (flags.length < 6 && window.innerWidth > 900);
  details.append(eisfit.element("summary", flags.length === 1 ? "what this means, and what to do" : `what these ${flags.length} flags mean, and what to do`));
  for (const { name, words } of flags) {
    const flag = eisfit.element("p", undefined, "flag");
    flag.append(eisfit.element("b", name), ` ${words}`);
    details.append(flag);
  }
  return details;
};

window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));

eisfit.verdict = (entry) => {
  const parts = [], good = entry.ok && !entry.error;
  const line = eisfit.element("p");
  line.append(eisfit.element("b", entry.name), eisfit.element("span", entry.error ? "FAILED" : entry.verdict, "word"));
  if (entry.simulated) line.append(eisfit.element("span", "simulated", "badge"));
  parts.push(line);
  if (entry.error) parts.push(eisfit.element("p", entry.error));
  const flags = [...entry.flags];
  for (const flag of (entry.kk && entry.kk.flags) || []) {
    if (!flags.some((own) => own.name === flag.name && own.words === flag.words)) flags.push(flag);
  }
  if (flags.length) parts.push(eisfit.flags(flags));
  if (entry.kk) {
    const check = eisfit.element("p", undefined, entry.kk.ok === false ? "kk fails" : "kk");
    check.append(eisfit.element("b", "Kramers-Kronig"), ` ${entry.kk.text}`);
    parts.push(check);
  }
  const box = eisfit.byId("verdict");
  box.className = `verdict ${good ? "good" : "bad"}`;
  box.replaceChildren(...parts);
};

eisfit.tables = (entry) => {
  const rows = entry.parameters.map((row) => [row.name, row.text, row.unit, row.word, row.meaning]);
  eisfit.byId("parameters").replaceChildren(rows.length ? eisfit.table(["parameter", "value", "unit", "verdict", "meaning"], rows)
    : eisfit.element("p", "No fit, no parameters."));
  eisfit.byId("derived").replaceChildren(entry.derived.length ? eisfit.table(["derived", "value", "unit"], entry.derived)
    : eisfit.element("p", "Nothing is derived from this circuit."));
  const facts = entry.facts.map((text) => eisfit.element("li", text));
  eisfit.byId("facts").replaceChildren(...facts);
  eisfit.draw(eisfit.data.drawings && eisfit.data.drawings[entry.circuit], entry.circuit);
};

eisfit.draw = (picture, string) => {
  const image = eisfit.byId("drawing");
  image.hidden = !picture;
  if (picture) Object.assign(image, { src: `data:image/svg+xml,${encodeURIComponent(picture.replace('<svg ', '<svg xmlns="http:/' + '/www.w3.org/2000/svg" ').replaceAll('currentColor', '#111'))}`, alt: `circuit ${string}` });
};
