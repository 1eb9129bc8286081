/* What a page must keep for everybody; each check returns what fails it. */
({
  // Texts that are seen with a contrast below 4.5 : 1 to what is behind them (WCAG 2.2, 1.4.3).
  contrast: () => {
    const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number), linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const behind = (e) => { for (let o = e; o; o = o.parentElement) { const c = parse(getComputedStyle(o).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
    const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode.textContent.trim(), e = walk.currentNode.parentElement;
        if (!text || !e.checkVisibility() || /SCRIPT|STYLE|NOSCRIPT/.test(e.tagName) || e.closest(":disabled")) continue;
        const s = getComputedStyle(e), a = light(parse(e.namespaceURI.endsWith("svg") ? s.fill : s.color)), b = light(behind(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
    return found;
},
  // Controls without a name, pictures without words, ids that stand twice.
  nameless: () => {
    const named = (e) => e.getAttribute("aria-label") || e.textContent.trim() || e.title || (e.labels && [...e.labels].some((l) => l.textContent.trim()));
    const bad = [...document.querySelectorAll("button,select,input,a,svg[role=img],[role=listbox],nav,aside")].filter((e) => !e.closest("[hidden]") && !named(e)).map((e) => e.outerHTML.slice(0, 90));
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id), twice = ids.filter((id, k) => ids.indexOf(id) !== k);
    const levels = [...document.querySelectorAll("h1")].length === 1 ? [] : ["not one h1"];
    return [...bad, ...twice, ...levels];
},
})
