/* How quantities, numbers and units are written on the page; its sentences stand in texts.js. */
"use strict";
const eisfit = {};

eisfit.byId = (id) => document.getElementById(id);
eisfit.data = JSON.parse(eisfit.byId("eisfit-data").textContent);

/* An element; `children` are nodes, or texts that stay texts. */
eisfit.element = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

const NAMESPACE = eisfit.byId("nyquist").namespaceURI;

/* The same inside a drawing. */
eisfit.shape = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

eisfit.minus = (text) => String(text).replace(/-/g, "−");

eisfit.digits = (value, digits) => {
  if (value === null || value === undefined || !Number.isFinite(value)) return "n/a";
  const size = Math.abs(value), short = Number(value.toPrecision(digits));
  return (size >= 1e6 || (size > 0 && size < 1e-3)) ? short.toExponential().replace("e+", "e") : String(short);
};

eisfit.hertz = (f) => {
  const units = [[1e-3, 1e6, "µHz"], [1, 1e3, "mHz"], [1e3, 1, "Hz"], [1e6, 1e-3, "kHz"], [Infinity, 1e-6, "MHz"]];
  const [, factor, unit] = units.find(([limit]) => f < limit);
  return `${Number((f * factor).toPrecision(4))}\u00a0${unit}`;
};

/* A decade as on an axis: 10 m, 1, 1 k. */
eisfit.decade = (power) => {
  const third = Math.floor(power / 3), letter = ["p", "n", "µ", "m", "", "k", "M", "G"][third + 4];
  return letter === undefined ? `1e${power}` : `${10 ** (power - 3 * third)}${letter && `\u2009${letter}`}`;
};

eisfit.ohm = (largest) => {
  if (largest < 0.1) return [1e3, "mΩ"];
  if (largest < 1e4) return [1, "Ω"];
  return largest < 2e6 ? [1e-3, "kΩ"] : [1e-6, "MΩ"];
};

/* A parameter's name in two parts: CPE_ct_alpha is the α with the index ct. */
eisfit.parts = (name) => {
  const greek = { alpha: "α", tau: "τ", sigma: "σ" }, own = new Set(["Q", "R", "p", "n", "k", "C", "L"]);
  const pieces = name.split("_");
  if (pieces.length === 1) {
    const [, letters, number] = /^(\D+?)(\d*)$/.exec(name) || [null, name, ""];
    return [letters, number];
  }
  const last = pieces[pieces.length - 1];
  if (pieces[0] !== last && (greek[last] || (own.has(last) && pieces[0].length > 1))) {
    const rest = pieces.slice(1, -1);
    return [greek[last] || last, rest.length && last !== "R" ? rest.join(",") : pieces.slice(0, -1).join(",")];
  }
  return [greek[pieces[0]] || pieces[0], pieces.slice(1).join(",")];
};

eisfit.symbol = (name) => {
  const [letter, index] = eisfit.parts(name), { element } = eisfit;
  return element("span", { className: "q" }, element("i", {}, letter), index ? element("sub", {}, index) : null);
};

/* A sentence with its quantities set as in print. */
eisfit.prose = (text) => text.split(/(--[a-z-]+|\b[A-Z][A-Za-z]{0,3}\d*(?:_[A-Za-z0-9]+)+\b)/).map((part, k) => (k % 2 ? (part[0] === "-" ? eisfit.element("code", {}, part) : eisfit.symbol(part))
  : part.replace(/ ohm\b/g, "\u00a0Ω").replace(/(\d) (?=[µmkM]?(Hz|s|F)\b)/g, "$1\u00a0")));

eisfit.symbolShape = (name, unit) => {
  const [letter, index] = eisfit.parts(name), { shape } = eisfit;
  const found = [shape("tspan", { "font-style": "italic" }, letter)];
  if (index) found.push(shape("tspan", { dy: 3, "font-size": ".76em" }, index), shape("tspan", { dy: -3 }, "\u200b"));
  if (!unit) return found;
  found.push(" / ");
  for (const [text, raised] of eisfit.unitParts(unit)) {
    if (raised) found.push(shape("tspan", { dy: -4, "font-size": ".76em" }, text), shape("tspan", { dy: 4 }, "\u200b"));
    else found.push(text);
  }
  return found;
};

/* A unit as it is printed, in parts: [text, whether it is an exponent]. */
eisfit.unitParts = (unit) => {
  const plain = unit.replace(/ohm/g, "Ω").replace(/deg(?=C)/g, "°").replace(/cm2/g, "cm^2").replace(/ /g, "\u00a0");
  return plain.split(/(\^[-\w/]+)/).filter(Boolean).map((part) => part.startsWith("^")
    ? [eisfit.minus(part.slice(1)).replace("alpha", "α"), true] : [part, false]);
};

eisfit.unit = (unit) => eisfit.element("span", { className: "u" },
  ...eisfit.unitParts(unit).map(([text, raised]) => (raised ? eisfit.element("sup", {}, text) : text)));

/* A parameter's row: value, error and unit. */
eisfit.value = (row) => eisfit.element("span", { className: "v" }, eisfit.minus(row.text), row.unit ? "\u00a0" : null,
  row.unit ? eisfit.unit(row.unit) : null);

eisfit.axis = (name) => {
  const unit = ((eisfit.data.axes || {})[name] || "").replace("degC", "°C");
  return { title: unit ? `${name} / ${unit}` : name, unit };
};

eisfit.condition = (name, value) => {
  const { unit } = eisfit.axis(name), number = eisfit.minus(Number(value.toPrecision(6)));
  return unit ? `${name === "temperature" ? "" : `${name} `}${number}\u00a0${unit}` : `${name} ${number}`;
};
