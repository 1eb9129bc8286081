/* Runs in the worker, behind Pyodide's own scripts: Python from the files that the page hands over, no network. */
(() => {
  const files = {};
  let ask = null, under = 0;
  const say = (words) => self.postMessage({ words });

  /* Pyodide asks for its parts by name; nothing is fetched from anywhere. */
  self.fetch = async (wanted) => {
    const name = String(wanted.url || wanted).split("/").pop();
    if (!(name in files)) throw new TypeError(`${name} is not part of this page`);
    return new Response(files[name], { headers: { "Content-Type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" } });
  };

  const bytes = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const decoded = atob(text), found = new Uint8Array(decoded.length);
    for (let k = 0; k < decoded.length; k += 1) found[k] = decoded.charCodeAt(k);
    return found;
  };

  const unpack = async (packed) => {
    const whole = typeof packed === "string" ? bytes(packed) : packed;
    return new Response(new Blob([whole]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  };

  const start = async (packed) => {
    say("unpacking Python");
    await Promise.all(Object.keys(packed).map(async (name) => { files[name] = await unpack(packed[name]); }));
    say("starting Python");
    const quiet = () => {};
    const pyodide = await loadPyodide({ indexURL: "https://nowhere.invalid/", stdout: quiet, stderr: quiet });
    say("loading numpy and scipy");
    await pyodide.loadPackage(["numpy", "scipy"], { messageCallback: quiet, errorCallback: (words) => { throw new Error(words); } });
    pyodide.unpackArchive(files["eisfit.zip"], "zip", { extractDir: pyodide.runPython("import site; site.getsitepackages()[0]") });
    for (const name of Object.keys(files)) delete files[name];
    say("loading eisfit");
    const prepare = pyodide.runPython("import importlib; importlib.invalidate_caches(); from eisfit.cli.pages.browser import prepare; prepare");
    ask = prepare((words, done, total) => self.postMessage({ id: under, words: total ? `${words} ${done} of ${total}` : `${words} ${done}`, part: total ? done / total : 0 }));
  };

  self.onmessage = async ({ data }) => {
    try {
      if (data.files) { await start(data.files); self.postMessage({ ready: true }); return; }
      under = data.id;
      self.postMessage({ id: data.id, answer: ask(data.text) });
    } catch (error) {
      self.postMessage({ id: data.id, broken: String(error.message || error).trim().split("\n").pop().slice(0, 300) });
    }
  };
})();
