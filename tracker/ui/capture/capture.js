// The live camera under a ghost of the first photo. The picture is taken here, at the camera's own
// resolution, and leaves the browser only for the tracker. Live tips are about light alone.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".cap"), find = (s) => root.querySelector(s);
  const video = find("video"), ghost = find(".ghost"), canvas = find("canvas"), off = find(".off");
  const frame = find(".frame"), range = find("input"), tip = find(".tip");
  let stream = null, facing = "environment", clock = 0;

  if (ghost.getAttribute("src") !== data.ghost) ghost.src = data.ghost;
  ghost.alt = data.alt;
  const layout = () => {
    const height = Math.min(root.clientWidth * data.height / data.width, Math.max(260, innerHeight * .7));
    frame.style.height = Math.round(height) + "px";
    frame.style.width = Math.round(height * data.width / data.height) + "px";
  };
  const fade = () => { ghost.style.opacity = stream ? 1 - range.value / 100 : 1; };
  range.oninput = fade;

  function stop() {
    clearInterval(clock);
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  function tell(words) { off.textContent = words; }
  function controls() {
    const on = !!stream;
    find(".start").hidden = on; find(".flip").hidden = find(".shot").hidden = !on;
    fade();
  }
  async function start() {
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
      tell("The browser gives the camera to secure addresses only (https, or this computer itself). Take the photo with the camera app and add it.");
      return;
    }
    try {
      stop();
      stream = await navigator.mediaDevices.getUserMedia({ audio: false,
        video: { facingMode: facing, width: { ideal: 4096 }, height: { ideal: 3072 } } });
      video.srcObject = stream; tell("");
      clock = setInterval(look, 700);
    } catch (error) {
      stream = null;
      tell(error.name === "NotAllowedError" ? "The camera was not allowed. Allow it in the browser, or add a photo from the camera app."
        : "No camera was found here. Take the photo with a phone and add it.");
    }
    controls();
  }
  function look() {
    if (!video.videoWidth) return;
    const w = 160, h = Math.max(1, Math.round(160 * video.videoHeight / video.videoWidth));
    canvas.width = w; canvas.height = h;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(video, 0, 0, w, h);
    const { data: px } = pen.getImageData(0, 0, w, h);
    let sum = 0, bright = 0;
    for (let i = 0; i < px.length; i += 4) {
      const y = .2126 * px[i] + .7152 * px[i + 1] + .0722 * px[i + 2];
      sum += y; if (y > 248) bright++;
    }
    const mean = sum / (w * h);
    tip.textContent = bright > .06 * w * h ? "Softer light: parts are too bright." : mean < 45 ? "More light: it is too dark." :
      "Lay the head over the faint first photo, then take the photo.";
  }
  async function shot() {
    let blob = null;
    try {
      const track = stream.getVideoTracks()[0];
      if (window.ImageCapture) blob = await new ImageCapture(track).takePhoto();
    } catch { blob = null; }
    if (!blob) {
      canvas.width = video.videoWidth; canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", .95));
    }
    const reader = new FileReader();
    reader.onload = () => setTriggerValue("photo", { view: data.view, src: reader.result });
    reader.readAsDataURL(blob);
  }
  find(".start").onclick = start;
  find(".flip").onclick = () => { facing = facing === "environment" ? "user" : "environment"; start(); };
  find(".shot").onclick = shot;
  const watcher = new ResizeObserver(layout);
  watcher.observe(root);
  layout(); controls();
  return () => { watcher.disconnect(); stop(); };
}
