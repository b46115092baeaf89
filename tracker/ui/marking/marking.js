// Marks on a photo: polygons (zones), dots added and removed, point pairs over two photos.
// One pointer for mouse, finger and keys: arrows move a cross, Enter is a tap. What is not saved
// yet lives here, by `data.task`, so it outlives the page's reruns; every step can be undone.

const kept = new Map();      // task -> {marks, past, future, tool, views, grabbed}
const MAX_ZOOM = 24, TAP_PX = 8, GRAB_PX = 22;
const COLOURS = ["#2b6cff", "#ffb000", "#12b886", "#e64980", "#9775fa", "#ff7a45", "#22b8cf", "#d0bfff"];
const TOOLS = {
  zones: [["draw", "Draw"], ["move", "Move"]],
  dots: [["remove", "Not a dot"], ["add", "Missed dot"]],
  pairs: [["pair", "Set pairs"], ["move", "Move"]],
};
const limit = (value, low, high) => Math.min(Math.max(value, low), high);
const copy = (value) => JSON.parse(JSON.stringify(value));

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mk");
  const find = (selector) => root.querySelector(selector);
  const kind = data.kind, photos = data.photos;
  const start = { marks: copy(data.marks), past: [], future: [], tool: TOOLS[kind][0][0], grabbed: null,
    views: photos.map((p) => ({ zoom: 1, x: p.width / 2, y: p.height / 2 })),
    cross: photos.map((p) => ({ x: p.width / 2, y: p.height / 2, on: false })) };
  if (!kept.has(data.task)) kept.set(data.task, start);
  const work = kept.get(data.task);

  // --- steps that can be undone -------------------------------------------------------------
  function step(change) {
    const before = copy(work.marks);
    change(work.marks);
    if (JSON.stringify(before) !== JSON.stringify(work.marks)) {
      work.past.push(before); work.future = [];
    }
    draw();
  }
  function turnBack(from, to) {
    if (!from.length) return;
    to.push(copy(work.marks));
    work.marks = from.pop(); work.grabbed = null;
    draw();
  }

  // --- stages -------------------------------------------------------------------------------
  const holder = find(".stages");
  holder.replaceChildren();
  holder.classList.toggle("two", photos.length > 1);
  const stages = photos.map((photo, i) => {
    const stage = document.createElement("div"), canvas = document.createElement("canvas");
    const tag = document.createElement("span");
    stage.className = "stage"; stage.tabIndex = 0; stage.dataset.photo = i;
    stage.setAttribute("role", "application");
    stage.setAttribute("aria-label", photo.alt + ". Arrow keys move the cross, Enter marks, plus and minus zoom.");
    tag.className = "tag"; tag.textContent = photo.tag;
    stage.append(canvas, tag); holder.append(stage);
    const image = new Image();
    image.onload = () => draw();
    image.src = photo.src;
    return { stage, canvas, image, photo, view: work.views[i], cross: work.cross[i] };
  });
  const scaleOf = (s) => Math.min(s.stage.clientWidth / s.photo.width, s.stage.clientHeight / s.photo.height) * s.view.zoom;
  const toScreen = (s, x, y) => {
    const k = scaleOf(s);
    return [(x + .5 - s.view.x) * k + s.stage.clientWidth / 2, (y + .5 - s.view.y) * k + s.stage.clientHeight / 2];
  };
  const toPhoto = (s, px, py) => {
    const k = scaleOf(s);
    return [limit((px - s.stage.clientWidth / 2) / k + s.view.x - .5, -.5, s.photo.width - .5),
      limit((py - s.stage.clientHeight / 2) / k + s.view.y - .5, -.5, s.photo.height - .5)];
  };

  function layout() {
    const width = root.clientWidth;
    if (!width) return;
    const two = photos.length > 1, stack = two && width < 640;
    holder.classList.toggle("stack", stack);
    for (const s of stages) {
      const w = two && !stack ? width / 2 - 2 : width;
      const most = Math.max(240, innerHeight * (stack ? .42 : .68));
      s.stage.style.height = Math.round(Math.min(w * s.photo.height / s.photo.width, most)) + "px";
    }
    draw();
  }

  // --- drawing ------------------------------------------------------------------------------
  const colourOf = (i) => COLOURS[i % COLOURS.length];
  function line(pen, colour, width, path) {
    pen.beginPath(); path(); pen.lineWidth = width + 2.5; pen.strokeStyle = "rgba(18,17,15,.7)"; pen.stroke();
    pen.beginPath(); path(); pen.lineWidth = width; pen.strokeStyle = colour; pen.stroke();
  }
  function draw() {
    for (const [i, s] of stages.entries()) {
      const w = s.stage.clientWidth, h = s.stage.clientHeight, ratio = devicePixelRatio || 1;
      if (!w) continue;
      const k = scaleOf(s), halfX = w / 2 / k, halfY = h / 2 / k;
      s.view.x = halfX * 2 >= s.photo.width ? s.photo.width / 2 : limit(s.view.x, halfX, s.photo.width - halfX);
      s.view.y = halfY * 2 >= s.photo.height ? s.photo.height / 2 : limit(s.view.y, halfY, s.photo.height - halfY);
      s.canvas.width = Math.round(w * ratio); s.canvas.height = Math.round(h * ratio);
      const pen = s.canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.imageSmoothingEnabled = k < 4;
      const [left, top] = toScreen(s, -.5, -.5);
      if (s.image.complete && s.image.naturalWidth) pen.drawImage(s.image, left, top, s.photo.width * k, s.photo.height * k);
      if (kind === "zones") drawZones(pen, s);
      if (kind === "dots") drawDots(pen, s, k);
      if (kind === "pairs") drawPairs(pen, s, i);
      if (s.cross.on && document.activeElement && root.getRootNode().activeElement === s.stage) {
        const [x, y] = toScreen(s, s.cross.x, s.cross.y);
        line(pen, "#fff", 1.5, () => { pen.moveTo(x - 14, y); pen.lineTo(x - 3, y); pen.moveTo(x + 3, y); pen.lineTo(x + 14, y);
          pen.moveTo(x, y - 14); pen.lineTo(x, y - 3); pen.moveTo(x, y + 3); pen.lineTo(x, y + 14); });
      }
    }
    controls();
  }
  function drawZones(pen, s) {
    const drawOne = (points, colour, closed, name) => {
      const at = points.map(([x, y]) => toScreen(s, x, y));
      if (!at.length) return;
      const path = () => { at.forEach(([x, y], n) => n ? pen.lineTo(x, y) : pen.moveTo(x, y)); if (closed) pen.closePath(); };
      if (closed) { pen.beginPath(); path(); pen.fillStyle = colour + "33"; pen.fill(); }
      line(pen, colour, 2, path);
      for (const [x, y] of at) {
        pen.beginPath(); pen.arc(x, y, 6, 0, 7); pen.fillStyle = "#fff"; pen.fill();
        pen.lineWidth = 3; pen.strokeStyle = colour; pen.stroke();
      }
      if (closed && name) label(pen, name, at.reduce((a, p) => a + p[0], 0) / at.length, at.reduce((a, p) => a + p[1], 0) / at.length);
    };
    work.marks.zones.forEach((zone, n) => drawOne(zone.vertices, colourOf(n), true, zone.name));
    drawOne(work.marks.open, colourOf(work.marks.zones.length), false);
  }
  function label(pen, text, x, y) {
    pen.font = "600 13px sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle";
    const w = pen.measureText(text).width + 14;
    pen.fillStyle = "rgba(18,17,15,.8)"; pen.beginPath(); pen.roundRect(x - w / 2, y - 11, w, 22, 11); pen.fill();
    pen.fillStyle = "#fff"; pen.fillText(text, x, y);
  }
  function drawDots(pen, s, k) {
    const r = limit(data.radius * k, 2, 14), gone = new Set(work.marks.removed.map((p) => p.join()));
    for (let n = 0; n < data.dots.x.length; n++) {
      const [x, y] = toScreen(s, data.dots.x[n], data.dots.y[n]);
      if (x < -20 || y < -20 || x > s.stage.clientWidth + 20 || y > s.stage.clientHeight + 20) continue;
      const out = gone.has([data.dots.x[n], data.dots.y[n]].join());
      if (out) line(pen, "#e64980", 2, () => { pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x + r, y - r); pen.lineTo(x - r, y + r); });
      else if (r < 3.5) { pen.fillStyle = "#2b6cff"; pen.fillRect(x - 1, y - 1, 2, 2); }   // far out: a map of specks
      else { pen.beginPath(); pen.arc(x, y, r, 0, 7); pen.lineWidth = 1.5; pen.strokeStyle = "#2b6cffcc"; pen.stroke(); }
    }
    for (const [px, py] of work.marks.added) {
      const [x, y] = toScreen(s, px, py);
      line(pen, "#ffb000", 2, () => { pen.rect(x - r, y - r, 2 * r, 2 * r); });
    }
  }
  function drawPairs(pen, s, i) {
    work.marks.pairs.forEach((pair, n) => {
      if (!pair[i]) return;
      const [x, y] = toScreen(s, ...pair[i]), colour = colourOf(n);
      line(pen, colour, 2, () => { pen.moveTo(x - 11, y); pen.lineTo(x + 11, y); pen.moveTo(x, y - 11); pen.lineTo(x, y + 11); });
      label(pen, String(n + 1), x + 16, y - 16);
    });
  }

  // --- what a tap does ----------------------------------------------------------------------
  function nearestHandle(s, i, px, py) {
    let best = null, least = GRAB_PX;
    const look = (x, y, set) => {
      const [sx, sy] = toScreen(s, x, y), far = Math.hypot(sx - px, sy - py);
      if (far < least) { least = far; best = set; }
    };
    if (kind === "zones") {
      work.marks.zones.forEach((zone, z) => zone.vertices.forEach((v, n) => look(v[0], v[1], { zone: z, vertex: n })));
    } else if (kind === "pairs") {
      work.marks.pairs.forEach((pair, n) => pair[i] && look(pair[i][0], pair[i][1], { pair: n, side: i }));
    }
    return best;
  }
  function zoneAt(x, y) {
    return work.marks.zones.findLastIndex(({ vertices: v }) => {
      let inside = false;
      for (let a = 0, b = v.length - 1; a < v.length; b = a++) {
        if ((v[a][1] > y) !== (v[b][1] > y) && x < (v[b][0] - v[a][0]) * (y - v[a][1]) / (v[b][1] - v[a][1]) + v[a][0]) inside = !inside;
      }
      return inside;
    });
  }
  function place(marks, what, x, y) {
    if (what.pair !== undefined) marks.pairs[what.pair][what.side] = [x, y];
    else if (what.vertex !== undefined) marks.zones[what.zone].vertices[what.vertex] = [x, y];
    else {
      const zone = marks.zones[what.zone], s = stages[0];
      const xs = zone.vertices.map((v) => v[0]), ys = zone.vertices.map((v) => v[1]);
      const dx = limit(x - what.x, -.5 - Math.min(...xs), s.photo.width - .5 - Math.max(...xs));
      const dy = limit(y - what.y, -.5 - Math.min(...ys), s.photo.height - .5 - Math.max(...ys));
      zone.vertices = zone.vertices.map(([vx, vy]) => [vx + dx, vy + dy]);
      what.x += dx; what.y += dy;
    }
  }
  function grab(i, px, py) {
    const s = stages[i], handle = nearestHandle(s, i, px, py);
    if (handle || kind !== "zones") return handle;
    const [x, y] = toPhoto(s, px, py), z = zoneAt(x, y);
    return z < 0 ? null : { zone: z, x, y };
  }
  function tap(i, px, py) {
    const s = stages[i], [x, y] = toPhoto(s, px, py);
    if (work.tool === "move") {
      if (work.grabbed) { step((m) => place(m, work.grabbed, x, y)); work.grabbed = null; draw(); }
      else { work.grabbed = grab(i, px, py); draw(); }
    } else if (kind === "zones") {
      const first = work.marks.open[0];
      const [fx, fy] = first ? toScreen(s, ...first) : [-99, -99];
      if (work.marks.open.length >= 3 && Math.hypot(fx - px, fy - py) < GRAB_PX) closeZone();
      else step((m) => m.open.push([x, y]));
    } else if (kind === "dots") {
      step((m) => work.tool === "add" ? addDot(m, s, x, y, px, py) : removeDot(m, s, px, py));
    } else step((m) => {
      const waiting = m.pairs.findIndex((pair) => !pair[i]);
      if (waiting >= 0) m.pairs[waiting][i] = [x, y];
      else m.pairs.push(i ? [null, [x, y]] : [[x, y], null]);
    });
  }
  function closeZone() {
    if (work.marks.open.length < 3) return;
    step((m) => {
      const taken = m.zones.map((z) => z.name);
      let n = m.zones.length + 1;
      while (taken.includes("Zone " + n)) n++;
      m.zones.push({ id: null, name: "Zone " + n, vertices: m.open });
      m.open = [];
    });
  }
  const near = (s, list, px, py) => list.findIndex(([x, y]) => {
    const [sx, sy] = toScreen(s, x, y);
    return Math.hypot(sx - px, sy - py) < 14;
  });
  function addDot(m, s, x, y, px, py) {
    const there = near(s, m.added, px, py);
    if (there >= 0) m.added.splice(there, 1); else m.added.push([x, y]);
  }
  function removeDot(m, s, px, py) {
    const mine = near(s, m.added, px, py);
    if (mine >= 0) { m.added.splice(mine, 1); return; }
    let best = -1, least = GRAB_PX;
    for (let n = 0; n < data.dots.x.length; n++) {
      const [x, y] = toScreen(s, data.dots.x[n], data.dots.y[n]), far = Math.hypot(x - px, y - py);
      if (far < least) { least = far; best = n; }
    }
    if (best < 0) return;
    const spot = [data.dots.x[best], data.dots.y[best]];
    const back = m.removed.findIndex((p) => p.join() === spot.join());
    if (back >= 0) m.removed.splice(back, 1); else m.removed.push(spot);
  }

  // --- pointer, pinch, wheel, keys ----------------------------------------------------------
  function zoomBy(s, factor, px, py) {
    const w = s.stage.clientWidth, h = s.stage.clientHeight, before = scaleOf(s);
    const dx = (px ?? w / 2) - w / 2, dy = (py ?? h / 2) - h / 2;
    s.view.zoom = limit(s.view.zoom * factor, 1, MAX_ZOOM);
    const after = scaleOf(s);
    s.view.x += dx / before - dx / after; s.view.y += dy / before - dy / after;
    draw();
  }
  stages.forEach((s, i) => {
    const fingers = new Map();
    let far = 0, spread = 0, held = null, before = null;
    const at = (e) => { const b = s.stage.getBoundingClientRect(); return [e.clientX - b.left, e.clientY - b.top]; };
    s.stage.onpointerdown = (e) => {
      if (e.button > 0) return;
      s.stage.focus({ preventScroll: true }); s.cross.on = false;
      try { s.stage.setPointerCapture(e.pointerId); } catch { /* the pointer is gone already */ }
      fingers.set(e.pointerId, e); far = fingers.size > 1 ? 99 : 0; spread = 0;
      held = fingers.size === 1 && work.tool === "move" ? grab(i, ...at(e)) : null;
      before = held ? copy(work.marks) : null;
    };
    s.stage.onpointermove = (e) => {
      const last = fingers.get(e.pointerId);
      if (!last) return;
      fingers.set(e.pointerId, e);
      far += Math.hypot(e.clientX - last.clientX, e.clientY - last.clientY);
      if (fingers.size === 2) {
        const [p, q] = [...fingers.values()], now = Math.hypot(p.clientX - q.clientX, p.clientY - q.clientY);
        const b = s.stage.getBoundingClientRect();
        if (spread) zoomBy(s, now / spread, (p.clientX + q.clientX) / 2 - b.left, (p.clientY + q.clientY) / 2 - b.top);
        spread = now;
      } else if (held) { if (far > TAP_PX) { place(work.marks, held, ...toPhoto(s, ...at(e))); draw(); } }
      else if (far > TAP_PX) {
        const k = scaleOf(s);
        s.view.x -= (e.clientX - last.clientX) / k; s.view.y -= (e.clientY - last.clientY) / k;
        draw();
      }
    };
    s.stage.onpointerup = (e) => {
      const was = fingers.get(e.pointerId);
      fingers.delete(e.pointerId);
      if (!was) return;
      if (held && far > TAP_PX) { work.past.push(before); work.future = []; draw(); }
      else if (far <= TAP_PX && !fingers.size && !held) tap(i, ...at(e));
      held = null; spread = 0;
    };
    s.stage.onpointercancel = (e) => { if (held) work.marks = before; fingers.delete(e.pointerId); held = null; draw(); };
    s.stage.onfocus = s.stage.onblur = draw;
    s.stage.onkeydown = (e) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const k = scaleOf(s), move = moves[e.key];
      if (move) {
        const by = (e.shiftKey ? 40 : 6) / k;
        s.cross.on = true;
        s.cross.x = limit(s.cross.x + move[0] * by, 0, s.photo.width - 1);
        s.cross.y = limit(s.cross.y + move[1] * by, 0, s.photo.height - 1);
        const [x, y] = toScreen(s, s.cross.x, s.cross.y);
        if (x < 20 || y < 20 || x > s.stage.clientWidth - 20 || y > s.stage.clientHeight - 20) { s.view.x = s.cross.x; s.view.y = s.cross.y; }
        draw();
      } else if (e.key === "Enter" || e.key === " ") { s.cross.on = true; tap(i, ...toScreen(s, s.cross.x, s.cross.y)); }
      else if (e.key === "+" || e.key === "=") { s.view.x = s.cross.x; s.view.y = s.cross.y; zoomBy(s, 1.5); }
      else if (e.key === "-") zoomBy(s, 1 / 1.5);
      else if (e.key === "0") { s.view.zoom = 1; draw(); }
      else if (e.key === "Backspace" || (e.key === "z" && (e.ctrlKey || e.metaKey))) turnBack(work.past, work.future);
      else if (e.key === "Escape") { work.grabbed = null; step((m) => { if (m.open) m.open = []; }); }
      else return;
      e.preventDefault();
    };
  });
  const onWheel = (e) => {
    const s = stages.find((one) => one.stage.contains(e.composedPath()[0]));
    if (!s || !(e.ctrlKey || e.metaKey)) return;
    e.preventDefault();
    const b = s.stage.getBoundingClientRect();
    zoomBy(s, Math.exp(-e.deltaY / 300), e.clientX - b.left, e.clientY - b.top);
  };
  holder.addEventListener("wheel", onWheel, { passive: false });

  // --- controls -----------------------------------------------------------------------------
  const tools = find(".tools");
  tools.replaceChildren(...TOOLS[kind].map(([name, words], n) => {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = words; button.dataset.tool = name;
    button.setAttribute("role", "radio");
    button.onclick = () => { work.tool = name; work.grabbed = null; draw(); };
    button.onkeydown = (e) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (!by) return;
      e.preventDefault();
      const next = tools.children[(n + by + tools.children.length) % tools.children.length];
      next.focus(); next.click();
    };
    return button;
  }));
  if (kind === "zones") {
    const button = document.createElement("button");
    button.type = "button"; button.className = "close"; button.textContent = "Close shape";
    button.onclick = closeZone; tools.append(button);
  }
  root.querySelectorAll("[data-zoom]").forEach((button) => {
    button.onclick = () => stages.forEach((s) => {
      if (button.dataset.zoom === "fit") { s.view.zoom = 1; draw(); }
      else zoomBy(s, button.dataset.zoom === "in" ? 1.5 : 1 / 1.5);
    });
  });
  find(".undo").onclick = () => turnBack(work.past, work.future);
  find(".redo").onclick = () => turnBack(work.future, work.past);
  const save = find(".save");
  save.textContent = data.save;
  save.onclick = () => setTriggerValue("saved", { task: data.task, marks: copy(work.marks) });

  const whole = () => work.marks.pairs.filter((p) => p[0] && p[1]).length;
  function said() {
    const m = work.marks;
    if (work.grabbed) return "Picked up: tap or press Enter where it belongs.";
    if (kind === "zones") {
      const n = m.open.length;
      if (n) return n < 3 ? `Corner ${n} set. Three at least.` : "Tap the first corner or “Close shape” to end.";
      return m.zones.length ? `${m.zones.length} ${m.zones.length === 1 ? "zone" : "zones"}.` : "No zone yet: tap the corners of the first one.";
    }
    if (kind === "dots") return `${m.removed.length} removed, ${m.added.length} added.`;
    const n = whole(), half = m.pairs.findIndex((p) => !p[0] || !p[1]);
    if (half >= 0) return `Pair ${half + 1}: now tap the same place in the ${m.pairs[half][0] ? "second" : "first"} photo.`;
    return n < 3 ? `${n} of at least 3 pairs.` : `${n} pairs. More, spread out, are better.`;
  }
  function ready() {
    const m = work.marks;
    if (kind === "zones") return !m.open.length && JSON.stringify(m.zones) !== JSON.stringify(data.marks.zones) && m.zones.every((z) => z.name.trim());
    if (kind === "dots") return m.removed.length + m.added.length > 0;
    return whole() >= 3 && whole() === m.pairs.length;
  }
  const list = find(".names");
  function names() {
    const rows = kind === "zones" ? work.marks.zones : [];
    while (list.children.length > rows.length) list.lastChild.remove();
    rows.forEach((zone, n) => {
      let row = list.children[n];
      if (!row) {
        row = document.createElement("li");
        const input = document.createElement("input"), button = document.createElement("button");
        input.maxLength = 60; button.type = "button"; button.textContent = "Remove";
        row.append(document.createElement("i"), input, button); list.append(row);
      }
      const [swatch, input, button] = row.children;
      swatch.style.background = colourOf(n);
      if (input.value !== zone.name && root.getRootNode().activeElement !== input) input.value = zone.name;
      input.setAttribute("aria-label", `Name of zone ${n + 1}`);
      button.setAttribute("aria-label", `Remove ${zone.name}`);
      input.onchange = () => step((m) => { m.zones[n].name = input.value; });
      button.onclick = () => step((m) => m.zones.splice(n, 1));
    });
  }
  function controls() {
    [...tools.querySelectorAll("[data-tool]")].forEach((button) => {
      const on = button.dataset.tool === work.tool;
      button.setAttribute("aria-checked", on); button.tabIndex = on ? 0 : -1;
    });
    const close = find(".close");
    if (close) close.disabled = work.marks.open.length < 3;
    find(".undo").disabled = !work.past.length; find(".redo").disabled = !work.future.length;
    save.disabled = data.locked || !ready();
    find(".level").textContent = stages.map((s) => (s.view.zoom < 9.95 ? s.view.zoom.toFixed(1).replace(".0", "") : Math.round(s.view.zoom)) + "×").join(" ");
    find(".say").textContent = said();
    find(".hint").textContent = data.hint;
    names();
  }

  const watcher = new ResizeObserver(layout);
  watcher.observe(root);
  layout();
  return () => { watcher.disconnect(); holder.removeEventListener("wheel", onWheel); };
}
