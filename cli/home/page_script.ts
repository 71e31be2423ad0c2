/**
 * What the page does in the browser.
 *
 * @module
 */

/** The script of the page. It stands here as text, for no runtime reads text beside a module in the same way. */
export const pageScript: string = String.raw`
// The two things to try on the page: it works without them.

const part = (id) => document.getElementById(id);

part("watch").addEventListener("click", async ({ target }) => {
  const out = part("watched");
  target.disabled = true;
  out.textContent = "";
  const began = performance.now();
  try {
    const { body } = await fetch("/stream", { cache: "no-store" });
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      out.textContent += ((performance.now() - began) / 1000).toFixed(2).padStart(5) + " s  " + value;
    }
  } catch (error) {
    out.textContent += "\n" + error.message;
  }
  target.disabled = false;
});

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

// Browsers lend crypto.subtle to secure pages only, such as those from 127.0.0.1.
const digest = async (bytes) => crypto.subtle ? hex(await crypto.subtle.digest("SHA-256", bytes)) : null;

function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

async function echo(bytes) {
  const out = part("echoed");
  const buttons = [part("random"), part("file")];
  for (const one of buttons) one.disabled = true;
  out.textContent = "Sending " + bytes.length.toLocaleString("en-US") + " bytes …";
  try {
    const began = performance.now();
    const response = await fetch("/echo", { method: "POST", body: bytes });
    const back = new Uint8Array(await response.arrayBuffer());
    const seconds = (performance.now() - began) / 1000;
    const [sent, received] = [await digest(bytes), await digest(back)];
    const equal = sent === null ? same(bytes, back) : sent === received;
    out.textContent = [
      (equal ? "✓ Equal" : "✗ Different") + ": " + back.length.toLocaleString("en-US") + " bytes came back in " +
      seconds.toFixed(2) + " s, " + (back.length * 16 / seconds / 1e6).toFixed(0) + " Mbit/s both ways together.",
      sent === null ? "Compared byte by byte: SHA-256 is for secure pages only." : "SHA-256 sent      " + sent,
      sent === null ? "" : "SHA-256 received  " + received,
    ].filter(Boolean).join("\n");
  } catch (error) {
    out.textContent = "The upload failed: " + error.message;
  }
  for (const one of buttons) one.disabled = false;
}

part("random").addEventListener("click", () => {
  const bytes = new Uint8Array(5_000_000);
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  echo(bytes);
});

part("file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (file) echo(new Uint8Array(await file.arrayBuffer()));
  target.value = "";
});
`;
