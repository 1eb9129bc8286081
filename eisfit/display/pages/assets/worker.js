/* Runs in the worker, behind Pyodide's own scripts: Python from the files that the page hands over, no network. */
(() => {
  let packed = {}, python = null, site = "", module = null, ask = null, completed = null, under = 0;
  const say = (loading) => self.postMessage({ loading }); // what of `eisfit.texts.loading`

  /* Pyodide asks for its parts by name; nothing is fetched from anywhere. */
  self.fetch = async (wanted) => {
    const name = String(wanted.url || wanted).split("/").pop();
    return new Response(await unpack(name), { headers: { "Content-Type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" } });
  };

  const bytes = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const decoded = atob(text), found = new Uint8Array(decoded.length);
    for (let k = 0; k < decoded.length; k += 1) found[k] = decoded.charCodeAt(k);
    return found;
  };

  const unpack = async (name) => {
    if (!(name in packed)) throw new TypeError(`${name} is not part of this page`);
    const whole = typeof packed[name] === "string" ? bytes(packed[name]) : packed[name];
    return new Response(new Blob([whole]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  };

  const quiet = () => {};
  const add = async (name) => python.unpackArchive(await unpack(name), "zip", { extractDir: site });
  const pause = () => new Promise((done) => setTimeout(done)); // a question that waits is looked at

  const start = async () => {
    say("python");
    python = await loadPyodide({ indexURL: "https://nowhere.invalid/", stdout: quiet, stderr: quiet });
    site = python.runPython("import site; site.getsitepackages()[0]");
    say("numpy");
    await add("first.zip");
    module = python.runPython("import importlib; importlib.invalidate_caches(); from eisfit.cli.pages import browser; browser");
    ask = module.prepare((words, done, total) => self.postMessage({ id: under, words, done, total }));
  };

  const complete = async () => {
    await pause();
    await python.loadPackage("openblas", { messageCallback: quiet, errorCallback: (words) => { throw new Error(words); } });
    await pause();
    await add("later.zip");
    packed = {};
    await pause();
    module.complete();
  };

  const answer = async (id, text) => {
    under = id;
    let told = ask(text);
    if (told === undefined) { // it needs what is still being loaded
      self.postMessage({ id, loading: "scipy" });
      await completed;
      under = id;
      told = ask(text);
    }
    self.postMessage({ id, answer: told });
  };

  self.onmessage = async ({ data }) => {
    try {
      if (!data.files) { await answer(data.id, data.text); return; }
      packed = data.files;
      await start();
      self.postMessage({ ready: true });
      completed = complete();
      await completed;
      self.postMessage({ complete: true });
    } catch (error) {
      self.postMessage({ id: data.id, broken: String(error.message || error).trim().split("\n").pop().slice(0, 300) });
    }
  };
})();
