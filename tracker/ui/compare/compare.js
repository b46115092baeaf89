// Before and after in one frame: slider, side by side, blink and checkerboard, with one zoom.
// The zoom lives here, not in the page script, so it stays put when other photos are chosen.

const kept = new Map();          // frame name -> {zoom, x, y, cut, mode, shown}
const MAX_ZOOM = 16;

const HINTS = {
  slide: "Drag the handle or use the arrow keys. Pinch, double-click or + and − zoom; drag moves the picture once zoomed.",
  side: "Both pictures move together. Pinch, double-click or + and − zoom; drag or arrow keys move.",
  blink: "The photos take turns; space holds one and switches. Pinch, double-click or + and − zoom.",
  check: "Tiles of both photos: lines that run on across the tiles show that the photos lie on each other.",
};

function drawMark(pen, fate, x, y, r, colour) {
  const path = () => {
    pen.beginPath();
    if (fate === "gone") {
      pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r);
      pen.moveTo(x + r, y - r); pen.lineTo(x - r, y + r);
    } else if (fate === "faded") {
      pen.moveTo(x, y - r * 1.25); pen.lineTo(x + r * 1.25, y); pen.lineTo(x, y + r * 1.25);
      pen.lineTo(x - r * 1.25, y); pen.closePath();
    } else if (fate === "censored") {
      pen.moveTo(x - r, y); pen.lineTo(x + r, y);
    } else if (fate === "new") {
      pen.rect(x - r, y - r, 2 * r, 2 * r);
    } else {
      pen.arc(x, y, r, 0, 7);
    }
  };
  path(); pen.lineWidth = 4; pen.strokeStyle = "rgba(18,17,15,.75)"; pen.stroke();
  path(); pen.lineWidth = 2; pen.strokeStyle = colour; pen.stroke();
}

function legendMark(fate, colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 36;
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  pen.fillStyle = "#c9a58e"; pen.beginPath(); pen.roundRect(0, 0, 18, 18, 4); pen.fill();
  drawMark(pen, fate, 9, 9, 4.5, colour);
  canvas.style.width = canvas.style.height = "18px";
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

// Cividis: read the same by every common colour vision, and in grey.
const RAMP = [[0, 32, 77], [87, 93, 109], [166, 157, 117], [255, 233, 69]];
const ZONES = ["#2b6cff", "#ffb000", "#12b886", "#e64980", "#9775fa", "#ff7a45", "#22b8cf", "#d0bfff"];
function heat(share) {
  const at = Math.min(Math.max(share, 0), 1) * 3, k = Math.min(2, Math.floor(at));
  return RAMP[k].map((v, c) => Math.round(v + (at - k) * (RAMP[k + 1][c] - v)));
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".cmp");
  const find = (selector) => root.querySelector(selector);
  const stage = find(".stage"), handle = find(".handle");
  const panes = [find(".a"), find(".b")];
  const W = data.width, H = data.height;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const fresh = { zoom: 1, x: W / 2, y: H / 2, cut: 50, mode: "slide", hidden: data.hidden, areas: [] };
  const view = kept.get(data.frame) ?? fresh;
  kept.set(data.frame, view);

  panes.forEach((pane, i) => {
    const side = i ? data.after : data.before, image = pane.querySelector(".whole");
    if (image.getAttribute("src") !== side.src) image.src = side.src;
    image.alt = side.alt;
    image.width = W; image.height = H;
    const fine = pane.querySelector(".fine"), part = data.detail && (i ? data.detail.after : data.detail.before);
    fine.hidden = !part;
    if (part && fine.getAttribute("src") !== part) fine.src = part;
    pane.querySelector(".tag").textContent = side.tag;
  });

  const stacked = () => W / H > 1.15 && root.clientWidth < 640;
  const limit = (value, low, high) => Math.min(Math.max(value, low), high);

  function layout() {
    const width = root.clientWidth;
    if (!width) return;
    const side = view.mode === "side";
    stage.classList.toggle("stack", side && stacked());
    const paneWidth = side && !stacked() ? width / 2 - 2 : width;
    const most = Math.max(260, innerHeight * 0.72);
    let height = Math.min(paneWidth * H / W, most);
    if (side && stacked()) height = Math.min(height * 2 + 4, most * 1.2);
    // Capped in height, the stage narrows with it: no dark bars beside the picture.
    const fit = height * (side ? (stacked() ? 0.5 : 2) : 1) * W / H;
    stage.style.width = Math.round(Math.min(width, fit)) + "px";
    stage.style.height = Math.round(height) + "px";
    stage.style.setProperty("--tile-h", (16 * stage.clientWidth / height) + "%");
    place();
  }

  function frame(pane) {
    const w = pane.clientWidth, h = pane.clientHeight;
    return { w, h, scale: Math.min(w / W, h / H) * view.zoom };
  }

  function place() {
    const first = frame(panes[0]);
    const halfX = first.w / 2 / first.scale, halfY = first.h / 2 / first.scale;
    view.x = halfX * 2 >= W ? W / 2 : limit(view.x, halfX, W - halfX);
    view.y = halfY * 2 >= H ? H / 2 : limit(view.y, halfY, H - halfY);
    stage.style.setProperty("--cut", view.cut + "%");
    handle.style.left = view.cut + "%";
    stage.dataset.mode = view.mode;
    stage.dataset.zoomed = view.zoom > 1.001 ? "1" : "0";
    find(".level").textContent = (view.zoom < 9.95 ? view.zoom.toFixed(1).replace(".0", "") : Math.round(view.zoom)) + "×";
    find(".hint").textContent = HINTS[view.mode].replace("both photos", `${data.before.tag} and ${data.after.tag}`);
    root.querySelectorAll("[data-mode][role=radio]").forEach((button) => {
      const on = button.dataset.mode === view.mode;
      button.setAttribute("aria-checked", on);
      button.tabIndex = on ? 0 : -1;
    });
    if (view.mode === "slide") {
      stage.setAttribute("role", "slider");
      stage.setAttribute("aria-valuemin", 0); stage.setAttribute("aria-valuemax", 100);
      stage.setAttribute("aria-valuenow", Math.round(view.cut));
      stage.setAttribute("aria-valuetext", Math.round(view.cut) + " % before");
    } else {
      ["valuemin", "valuemax", "valuenow", "valuetext"].forEach((n) => stage.removeAttribute("aria-" + n));
      stage.setAttribute("role", "group");
    }
    stage.setAttribute("aria-label", "Before and after, " + view.mode);
    panes.forEach((pane) => {
      const { w, h, scale } = frame(pane);
      const left = w / 2 - view.x * scale, top = h / 2 - view.y * scale;
      const image = pane.querySelector(".whole"), fine = pane.querySelector(".fine");
      image.style.transform = `translate(${left}px,${top}px) scale(${scale})`;
      image.style.imageRendering = scale > 3 ? "pixelated" : "auto";
      if (data.detail) {
        // The same place at every pixel of the photo; as wide as its box of the picture.
        const [x0, y0, x1, y1] = data.detail.box;
        fine.style.width = (x1 - x0) + "px"; fine.style.height = (y1 - y0) + "px";
        fine.style.transform = `translate(${left + x0 * scale}px,${top + y0 * scale}px) scale(${scale})`;
        fine.style.imageRendering = scale * data.full > 3 ? "pixelated" : "auto";
      }
      drawDots(pane, w, h, scale, left, top);
    });
    find(".ramp").hidden = !view.areas.includes("heat");
    askForDetail();
  }

  // Zoomed further than the picture is fine, the visible part is asked for at the photo's full size.
  let asking = 0;
  function askForDetail() {
    clearTimeout(asking);
    const pane = panes[0], { w, h, scale } = frame(pane);
    if (!(data.full > 1.02) || scale * (devicePixelRatio || 1) <= 1.2) return;
    const box = [view.x - w / 2 / scale, view.y - h / 2 / scale, view.x + w / 2 / scale, view.y + h / 2 / scale]
      .map((v, k) => Math.round(limit(v + (k < 2 ? -16 : 16), 0, k % 2 ? H : W)));
    const now = data.detail && data.detail.box;
    const fits = now && box.every((v, k) => k < 2 ? v >= now[k] - 16 : v <= now[k] + 16) &&
      (box[2] - box[0]) * 2.5 > now[2] - now[0];
    if (!fits) asking = setTimeout(() => setStateValue("detail", { box, photos: data.photos }), 350);
  }

  function drawAreas(pen, w, h, scale, left, top) {
    if (view.areas.includes("heat")) {
      const side = data.heat.side * scale;
      for (const [x, y, share, n] of data.heat.cells) {
        const px = (x + .5) * scale + left - side / 2, py = (y + .5) * scale + top - side / 2;
        if (px > w || py > h || px < -side || py < -side) continue;
        const [r, g, b] = heat(share);
        pen.fillStyle = `rgba(${r},${g},${b},.62)`; pen.fillRect(px, py, side - 1, side - 1);
        if (side > 40) {
          pen.fillStyle = share > .55 ? "#211e1a" : "#fff"; pen.font = "600 13px sans-serif";
          pen.textAlign = "center"; pen.textBaseline = "middle";
          pen.fillText(Math.round(100 * share) + " %", px + side / 2, py + side / 2);
        }
      }
    }
    if (view.areas.includes("zones")) data.zones.forEach(({ name, points }, n) => {
      const at = points.map(([x, y]) => [(x + .5) * scale + left, (y + .5) * scale + top]);
      const path = () => { pen.beginPath(); at.forEach(([x, y], k) => k ? pen.lineTo(x, y) : pen.moveTo(x, y)); pen.closePath(); };
      path(); pen.lineWidth = 5; pen.strokeStyle = "rgba(18,17,15,.7)"; pen.stroke();
      path(); pen.lineWidth = 2.5; pen.strokeStyle = ZONES[n % ZONES.length]; pen.stroke();
      const x = at.reduce((a, p) => a + p[0], 0) / at.length, y = at.reduce((a, p) => a + p[1], 0) / at.length;
      pen.font = "600 13px sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle";
      const wide = pen.measureText(name).width + 14;
      pen.fillStyle = "rgba(18,17,15,.8)"; pen.beginPath(); pen.roundRect(x - wide / 2, y - 11, wide, 22, 11); pen.fill();
      pen.fillStyle = "#fff"; pen.fillText(name, x, y);
    });
  }

  function drawDots(pane, w, h, scale, left, top) {
    const canvas = pane.querySelector("canvas"), ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, w, h);
    drawAreas(pen, w, h, scale, left, top);
    const r = limit(data.dots.radius * scale, 1, 16);
    for (const { fate, colour, x, y } of data.dots.groups) {
      if (view.hidden.includes(fate)) continue;
      for (let i = 0; i < x.length; i++) {
        const px = (x[i] + 0.5) * scale + left, py = (y[i] + 0.5) * scale + top;
        if (px > -20 && py > -20 && px < w + 20 && py < h + 20) {
          if (r < 3) {           // far out: specks that let the skin through, a map of the fates
            const s = Math.max(0.8, r * 0.55);
            pen.fillStyle = colour; pen.fillRect(px - s, py - s, 2 * s, 2 * s);
          } else drawMark(pen, fate, px, py, r, colour);
        }
      }
    }
  }

  function zoomBy(factor, clientX, clientY, pane = panes[0]) {
    const box = pane.getBoundingClientRect();
    const dx = clientX === undefined ? 0 : clientX - box.left - box.width / 2;
    const dy = clientY === undefined ? 0 : clientY - box.top - box.height / 2;
    const before = frame(pane).scale;
    view.zoom = limit(view.zoom * factor, 1, MAX_ZOOM);
    const after = frame(pane).scale;
    view.x += dx / before - dx / after;
    view.y += dy / before - dy / after;
    place();
  }
  const paneAt = (event) => {
    if (view.mode !== "side") return panes[0];
    const box = panes[1].getBoundingClientRect();
    return event.clientX >= box.left && event.clientY >= box.top ? panes[1] : panes[0];
  };
  const cutAt = (event) => {
    const box = stage.getBoundingClientRect();
    view.cut = limit((event.clientX - box.left) / box.width * 100, 0, 100);
    place();
  };

  const fingers = new Map();
  let sliding = false, spread = 0;
  stage.onpointerdown = (event) => {
    if (event.button > 0) return;
    stage.focus({ preventScroll: true });
    fingers.set(event.pointerId, event);
    try { stage.setPointerCapture(event.pointerId); } catch { /* the pointer is gone already */ }
    sliding = view.mode === "slide" && (handle.contains(event.target) || view.zoom <= 1.001);
    if (sliding && fingers.size === 1) cutAt(event);
    spread = 0;
  };
  stage.onpointermove = (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) {
      const [p, q] = [...fingers.values()];
      const now = Math.hypot(p.clientX - q.clientX, p.clientY - q.clientY);
      if (spread) zoomBy(now / spread, (p.clientX + q.clientX) / 2, (p.clientY + q.clientY) / 2, paneAt(p));
      spread = now;
    } else if (sliding) cutAt(event);
    else {
      const { scale } = frame(panes[0]);
      view.x -= (event.clientX - last.clientX) / scale;
      view.y -= (event.clientY - last.clientY) / scale;
      place();
    }
  };
  stage.onpointerup = stage.onpointercancel = (event) => {
    fingers.delete(event.pointerId); spread = 0;
    if (!fingers.size) sliding = false;
  };
  stage.ondblclick = (event) => zoomBy(view.zoom > 7 ? 1 / view.zoom : 2, event.clientX, event.clientY, paneAt(event));
  stage.onwheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;      // plain wheel scrolls the page
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * 0.01), event.clientX, event.clientY, paneAt(event));
  };

  let clock = 0, held = false;
  const turn = () => { stage.dataset.show = stage.dataset.show === "a" ? "b" : "a"; };
  function blink() {
    clearInterval(clock);
    stage.dataset.show ??= "a";
    if (view.mode === "blink" && !still && !held) clock = setInterval(turn, 900);
  }
  function choose(mode) { view.mode = mode; held = false; layout(); blink(); }

  stage.onkeydown = (event) => {
    const step = 60 / frame(panes[0]).scale, key = event.key;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (key === "+" || key === "=") zoomBy(1.5);
    else if (key === "-") zoomBy(1 / 1.5);
    else if (key === "0") { view.zoom = 1; place(); }
    else if (key === " " && view.mode === "blink") { held = true; blink(); turn(); }
    else if (view.mode === "slide" && !event.shiftKey && (key === "ArrowLeft" || key === "ArrowRight")) {
      view.cut = limit(view.cut + (key === "ArrowLeft" ? -2 : 2), 0, 100); place();
    } else if (view.mode === "slide" && (key === "Home" || key === "End")) {
      view.cut = key === "Home" ? 0 : 100; place();
    } else if (moves[key] && view.zoom > 1.001) {
      view.x += moves[key][0] * step; view.y += moves[key][1] * step; place();
    } else return;
    event.preventDefault();
  };

  const modes = [...root.querySelectorAll("[data-mode][role=radio]")];
  modes.forEach((button, i) => {
    button.onclick = () => choose(button.dataset.mode);
    button.onkeydown = (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = modes[(i + by + modes.length) % modes.length];
      next.focus(); choose(next.dataset.mode);
    };
  });
  root.querySelectorAll("[data-zoom]").forEach((button) => {
    button.onclick = () => {
      if (button.dataset.zoom === "fit") { view.zoom = 1; place(); }
      else zoomBy(button.dataset.zoom === "in" ? 1.5 : 1 / 1.5);
    };
  });

  const areas = find(".areas"), shown = [];
  if (data.heat.cells.length) shown.push(["heat", "fade heat-map"]);
  if (data.zones.length) shown.push(["zones", `zones ${data.zones.length}`]);
  areas.querySelectorAll("label").forEach((label) => label.remove());
  for (const [name, words] of shown) {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox"; box.checked = view.areas.includes(name);
    box.onchange = () => {
      view.areas = box.checked ? [...view.areas, name] : view.areas.filter((f) => f !== name);
      place();
    };
    label.append(box, words);
    areas.append(label);
  }
  areas.hidden = !shown.length;

  const legend = find(".legend.dots");
  legend.querySelectorAll("label").forEach((label) => label.remove());
  for (const group of data.dots.groups) {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox"; box.checked = !view.hidden.includes(group.fate);
    box.onchange = () => {
      view.hidden = box.checked ? view.hidden.filter((f) => f !== group.fate) : [...view.hidden, group.fate];
      place();
    };
    label.append(box, legendMark(group.fate, group.colour), `${group.name} ${group.count}`);
    legend.append(label);
  }
  legend.hidden = !data.dots.groups.length;

  const watcher = new ResizeObserver(layout);
  watcher.observe(root);
  layout(); blink();
  return () => { clearTimeout(asking); watcher.disconnect(); clearInterval(clock); };
}
