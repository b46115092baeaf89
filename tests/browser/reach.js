// What a page offers to keyboard and eye. Put into the page by test_reach.py; own elements live in
// shadow trees, so everything here walks through them.
(() => {
  const OFFERS =
    "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]";
  // Inputs that draw their value as words; a slider or a box draws none.
  const TYPED = "textarea, input:not([type=range], [type=checkbox], [type=radio], [type=file])";
  const STYLES = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderColor",
    "backgroundColor", "opacity", "textDecorationLine", "stroke"];

  function* everything(root) {
    for (const node of root.querySelectorAll("*")) {
      yield node;
      if (node.shadowRoot) yield* everything(node.shadowRoot);
    }
  }
  const parentOf = (node) => node.parentElement || node.getRootNode().host || null;

  function shown(node) {
    const box = node.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return false;
    for (let n = node; n; n = parentOf(n)) {
      const style = getComputedStyle(n);
      if (style.visibility === "hidden" || style.display === "none" || style.opacity === "0")
        return false;
    }
    return true;
  }
  const asleep = (node) => node.closest("[disabled], [aria-disabled=true], [inert]") !== null;

  function nameOf(node) {
    const root = node.getRootNode();
    const by = (node.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
    const said = by.map((id) => root.getElementById(id)?.textContent || "").join(" ");
    const label = node.labels && node.labels.length ? node.labels[0].textContent : "";
    const inner = node.querySelector("img[alt], svg title");
    return (node.getAttribute("aria-label") || said || label || node.textContent ||
      node.getAttribute("title") || node.getAttribute("alt") ||
      (inner && (inner.alt || inner.textContent)) || node.getAttribute("placeholder") || "").trim();
  }
  const where = (node) => {
    const test = node.closest("[data-testid]");
    return `${node.tagName.toLowerCase()}${test ? ` in ${test.dataset.testid}` : ""}: ` +
      `${nameOf(node).slice(0, 40) || node.outerHTML.slice(0, 80)}`;
  };
  function looks(node) {
    const found = [];
    for (let n = node, k = 0; n && k < 5; n = parentOf(n), k++) {
      const style = getComputedStyle(n);
      found.push(STYLES.map((name) => style[name]).join("|"));
    }
    return found.join("\n");
  }
  function active() {
    let node = document.activeElement;
    while (node && node.shadowRoot && node.shadowRoot.activeElement)
      node = node.shadowRoot.activeElement;
    return node && node !== document.body ? node : null;
  }

  // --- keyboard ---
  let before = new Map(), reached = new Set();
  const offered = () => [...everything(document)].filter((node) => node.matches(OFFERS) &&
    shown(node) && !asleep(node) && node.tabIndex >= 0 && node.type !== "hidden");
  // What lies folded away counts as well.
  function unfold() {
    const folded = [...everything(document)].filter((n) => n.matches("details:not([open]) > summary"));
    for (const summary of folded) summary.click();
    return folded.length;
  }
  function begin() {
    document.activeElement?.blur();
    before = new Map(offered().map((node) => [node, looks(node)]));
    reached = new Set();
    return before.size;
  }
  // One press of Tab was made: what has the focus, and is that seen?
  function step() {
    const node = active();
    if (!node) return { end: reached.size > 0, again: false };
    // The browser may go from the last straight to the first.
    if (node === [...reached][0]) return { end: true };
    const again = reached.has(node);
    reached.add(node);
    const seen = before.has(node) && before.get(node) !== looks(node);
    return { end: false, again, what: where(node), named: nameOf(node) !== "", seen };
  }
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  // Frames fade in, and a busy page draws them late: waited for.
  async function seen(fade_ms, patience_ms) {
    const node = active();
    if (!before.has(node)) {
      // Drawn anew meanwhile: held against itself without the focus.
      node.blur();
      await pause(fade_ms);
      before.set(node, looks(node));
      node.focus({ focusVisible: true, preventScroll: true });
    }
    for (const end = performance.now() + patience_ms; performance.now() < end; await pause(50))
      if (before.get(node) !== looks(node)) return true;
    return false;
  }
  function missed() {
    // A control that a rerun drew anew counts by what it is called.
    const names = new Set([...reached].map(where));
    const radio = (node) => node.type === "radio" || node.getAttribute("role") === "radio";
    const groupOf = (node) => node.name || node.closest("[role=radiogroup]") || node.parentElement;
    // Of a group of radio buttons the keyboard reaches one, and the arrows the rest.
    const groups = new Set([...reached].filter(radio).map(groupOf));
    return offered().filter((node) => !reached.has(node) && !names.has(where(node)) &&
      !(radio(node) && groups.has(groupOf(node)))).map(where);
  }

  // --- contrast ---
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  function rgba(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r / 255, g / 255, b / 255, a / 255];
  }
  const over = (top, ground) =>
    [0, 1, 2].map((k) => top[k] * top[3] + ground[k] * (1 - top[3])).concat(1);
  function ground(node) {
    const layers = [];
    for (let n = node; n; n = parentOf(n)) {
      const style = getComputedStyle(n);
      if (style.backgroundImage !== "none") return null; // a picture: not judged here
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
    return layers.reduceRight((under, top) => over(top, under), dark ? [0, 0, 0, 1] : [1, 1, 1, 1]);
  }
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  function faint() {
    const found = [];
    let judged = 0;
    for (const node of everything(document)) {
      const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) ||
        (node.matches(TYPED) && (node.value || node.placeholder));
      if (!own || !shown(node) || asleep(node) || node.closest("svg, canvas, [aria-hidden=true]"))
        continue;
      const under = ground(node);
      if (!under) continue;
      judged += 1;
      const style = getComputedStyle(node);
      const empty = node.matches(TYPED) && !node.value;
      const said = empty ? getComputedStyle(node, "::placeholder").color : style.color;
      const ink = over(rgba(said), under);
      const pair = [light(ink), light(under)].sort((a, b) => a - b);
      const ratio = (pair[1] + 0.05) / (pair[0] + 0.05);
      const size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
      const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
      if (ratio < least - 0.01)
        found.push(`${ratio.toFixed(2)} under ${least}: ${where(node)}`);
    }
    return { judged, found: [...new Set(found)] };
  }
  window.smpReach = { unfold, begin, step, seen, missed, faint };
})();
