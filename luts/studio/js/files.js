// In and out: looks, cubes and plates; downloads, or a folder when the page is served.
import { DATA } from "./data.js";
import { FileError, cubeText, parseCube } from "./cube.js";
import { bake, bakeCurves, lookFromTable } from "./look.js";
import { openPicture } from "./pictures.js";
import { plateLevel, plateOf, readPlate } from "./plates.js";
import { decodePng, isPng } from "./png.js";
import { lookText, parseToml } from "./toml.js";

export const FORMATS = {
  look: "Look (.toml): all layers, to go on with",
  "cube-33": "Cube of 33 (.cube)",
  "cube-17": "Cube of 17 (.cube)",
  "cube-65": "Cube of 65 (.cube)",
  curves: "Curves (1D .cube)",
  plate: "Hald plate (16-bit PNG)",
};

export const fileName = (look) => look.name.trim().replace(/[^\w.-]+/g, "-").replace(/^[-.]+|-+$/g, "") || "look";

// The file of a format: {name, blob}.
export async function makeFile(look, format) {
  const name = fileName(look), text = (body, suffix) => ({ name: name + suffix, blob: new Blob([body], { type: "text/plain" }) });
  if (format === "look") return text(lookText(look), ".toml");
  if (format === "curves") return text(cubeText([bakeCurves(look)], { title: look.name }), "-1d.cube");
  if (format === "plate") return { name: `${name}-hald8.png`, blob: await plateOf(bake(look, 64)) };
  const size = Number(format.split("-")[1]);
  return text(cubeText([bake(look, size)], { title: look.name }), size === 33 ? ".cube" : `-${size}.cube`);
}

// Save a file where the page can: into the served folder, or as a download. Returns a line to show.
export async function saveFile({ name, blob }) {
  if (DATA.serve) {
    const answer = await fetch(`save?name=${encodeURIComponent(name)}`, {
      method: "POST", body: blob, headers: { "X-Token": DATA.serve },
    });
    const told = await answer.text();
    if (!answer.ok) throw new FileError(`not saved: ${told}`);
    return `Saved ${told}`;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return `Downloaded ${name}`;
}

// What a dropped or chosen file is: {look}, {layer: {lut, cube}, notes} or {picture}.
export async function openFile(file) {
  const suffix = file.name.toLowerCase().replace(/^.*\./, ".");
  if (suffix === ".toml") return { look: lookFromTable(parseToml(await file.text(), file.name), file.name) };
  if (suffix === ".cube" || suffix === ".cub") {
    const { stages, notes } = parseCube(await file.text(), file.name);
    return { layer: held(file.name, stages), notes };
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isPng(bytes)) {
    const size = new DataView(bytes.buffer);
    if (plateLevel(size.getUint32(16), size.getUint32(20))) {
      const pixels = await decodePng(bytes);
      const plate = pixels && readPlate(pixels);
      if (plate) return { layer: held(file.name, [plate.stage]), notes: plate.notes };
    }
  }
  return { picture: await openPicture(file, file.name) };
}

// A table inside a look: as the text of a .cube with all digits of float32.
function held(name, stages) {
  return { lut: name, cube: cubeText(stages, { digits: 9 }) };
}

