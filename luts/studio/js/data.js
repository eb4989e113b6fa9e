// What the page was made with: tables of the Python side, put into the page as JSON.

export const DATA = JSON.parse(document.getElementById("data").textContent);

export const KINDS = DATA.kinds;
export const SIZE = 33; // nodes per edge of the cube that is shown and measured

export async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
