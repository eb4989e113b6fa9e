// The picture through the cube: tetrahedral lookup in a WebGL2 shader, or on the CPU without it.
import { lookUp } from "./cube.js";

export const MODES = ["split", "side", "after", "before"];
export const OVERLAYS = ["none", "clipping", "folds"];

// Where the part of the canvas begins that goes through the cube, as a share of its width.
function lookLeft({ mode, split }) {
  return { split, side: 0.5, before: 1 }[mode] ?? 0;
}

const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1), 0, 1);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler3D;
uniform sampler2D picture;
uniform sampler3D cube;
uniform vec2 canvas;
uniform vec2 centre;
uniform float scale;
uniform int mode;
uniform float split;
uniform int overlay;
uniform vec3 surround;
uniform float nodes;
uniform float upright;
out vec4 shown;

vec3 node(ivec3 at) { return texelFetch(cube, at, 0).rgb; }

// Sakamoto and Itooka's six tetrahedra, without branches: from the cell's dark corner along the axis
// of the largest fraction, then along all but that of the smallest.
vec3 tetrahedral(vec3 colour, out float volume) {
  vec3 place = clamp(colour, 0.0, 1.0) * (nodes - 1.0);
  ivec3 cell = ivec3(min(floor(place), nodes - 2.0));
  vec3 f = place - vec3(cell);
  bool rg = f.r >= f.g, gb = f.g >= f.b, rb = f.r >= f.b;
  ivec3 one = ivec3(rg && rb, !rg && gb, !rb && !gb);
  ivec3 two = 1 - ivec3(!rg && !rb, rg && !gb, rb && gb);
  float a = max(f.r, max(f.g, f.b)), c = min(f.r, min(f.g, f.b)), b = max(min(f.r, f.g), min(max(f.r, f.g), f.b));
  vec3 v0 = node(cell), v1 = node(cell + one), v2 = node(cell + two), v3 = node(cell + 1);
  volume = 0.0;
  if (overlay == 2) {
    // The order of the axes is even for rgb, gbr and brg.
    float turn = (rg && gb) || (!rg && gb && !rb) || (rg && !gb && !rb) ? 1.0 : -1.0;
    volume = turn * determinant(mat3(v1 - v0, v2 - v1, v3 - v2)) * pow(nodes - 1.0, 3.0);
  }
  return (1.0 - a) * v0 + (a - b) * v1 + (b - c) * v2 + c * v3;
}

void main() {
  vec2 at = vec2(gl_FragCoord.x, upright > 0.5 ? canvas.y - gl_FragCoord.y : gl_FragCoord.y);
  vec2 middle = canvas * 0.5;
  bool after = mode == 2;
  if (mode == 0) after = at.x >= split * canvas.x;
  if (mode == 1) {
    after = at.x >= canvas.x * 0.5;
    middle.x = canvas.x * (after ? 0.75 : 0.25);
  }
  vec2 size = vec2(textureSize(picture, 0));
  vec2 pixel = (at - middle) / scale + centre;
  bool seam = (mode == 0 && abs(at.x - split * canvas.x) < 1.0) || (mode == 1 && abs(at.x - canvas.x * 0.5) < 1.0);
  if (seam) { shown = vec4(1); return; }
  if (any(lessThan(pixel, vec2(0))) || any(greaterThanEqual(pixel, size))) { shown = vec4(surround, 1); return; }
  vec3 colour = scale >= 1.0
    ? texelFetch(picture, ivec2(pixel), 0).rgb
    : textureLod(picture, pixel / size, log2(1.0 / scale)).rgb;
  if (!after) { shown = vec4(colour, 1); return; }
  float volume;
  vec3 result = tetrahedral(colour, volume);
  bool stripe = mod(at.x + at.y, 8.0) < 4.0;
  if (overlay == 1) {
    bool high = any(greaterThanEqual(result, vec3(0.99999))), low = any(lessThanEqual(result, vec3(0.00001)));
    bool was = any(greaterThanEqual(colour, vec3(0.999))) || any(lessThanEqual(colour, vec3(0.001)));
    if ((high || low) && !was && stripe) result = high ? vec3(1, 0.1, 0.1) : vec3(0.1, 0.3, 1);
  }
  if (overlay == 2 && volume < -1e-4 && stripe) result = vec3(1, 0, 1);
  shown = vec4(result, 1);
}`;

function compile(gl, kind, source) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
    throw new Error(gl.getShaderInfoLog(shader));
  return shader;
}

export class GpuPreview {
  static create(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, preserveDrawingBuffer: true });
    return gl ? new GpuPreview(canvas, gl) : null;
  }

  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.start();
      if (this.picture) this.setPicture(this.picture);
      if (this.cube) this.setCube(this.cube);
      if (this.view) this.draw(this.view);
    });
    this.start();
  }

  start() {
    const { gl } = this, program = gl.createProgram();
    gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    gl.useProgram(program);
    this.place = {};
    for (const name of ["picture", "cube", "canvas", "centre", "scale", "mode", "split", "overlay", "surround", "nodes", "upright"])
      this.place[name] = gl.getUniformLocation(program, name);
    gl.bindVertexArray(gl.createVertexArray());
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.uniform1i(this.place.picture, 0);
    gl.uniform1i(this.place.cube, 1);
    this.pictureTexture = gl.createTexture();
    this.cubeTextures = new Map(); // by nodes per edge: a drag may be shown through a smaller cube
    this.cubeSize = 0;
  }

  setPicture(source) {
    const { gl } = this;
    this.picture = source;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.pictureTexture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  // Texels are [r][g][b]: the texture's x is red, so the table goes red fastest.
  setCube(stage) {
    const { gl } = this, { size, table } = stage, count = size ** 3;
    this.cube = stage;
    if (!this.texels || this.texels.length !== count * 4) this.texels = new Float32Array(count * 4);
    for (let r = 0, k = 0; r < size; r++)
      for (let g = 0; g < size; g++)
        for (let b = 0; b < size; b++, k += 3) {
          const to = ((b * size + g) * size + r) * 4;
          this.texels[to] = table[k];
          this.texels[to + 1] = table[k + 1];
          this.texels[to + 2] = table[k + 2];
        }
    gl.activeTexture(gl.TEXTURE1);
    const fresh = !this.cubeTextures.has(size);
    if (fresh) this.cubeTextures.set(size, gl.createTexture());
    gl.bindTexture(gl.TEXTURE_3D, this.cubeTextures.get(size));
    this.cubeSize = size;
    if (fresh) {
      gl.texStorage3D(gl.TEXTURE_3D, 1, gl.RGBA32F, size, size, size);
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_3D, name, gl.NEAREST);
    }
    gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, 0, size, size, size, gl.RGBA, gl.FLOAT, this.texels);
  }

  draw(view, lookOnly = false, width = this.canvas.width, height = this.canvas.height, upright = true) {
    const { gl, place } = this, left = Math.floor(lookLeft(view) * width);
    this.view = view;
    gl.viewport(0, 0, width, height);
    if (lookOnly && left > 0) {
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(left, 0, width - left, height);
    }
    gl.uniform2f(place.canvas, width, height);
    gl.uniform2f(place.centre, view.centre[0], view.centre[1]);
    gl.uniform1f(place.scale, view.scale);
    gl.uniform1i(place.mode, MODES.indexOf(view.mode));
    gl.uniform1f(place.split, view.split);
    gl.uniform1i(place.overlay, OVERLAYS.indexOf(view.overlay));
    gl.uniform3fv(place.surround, view.surround);
    gl.uniform1f(place.nodes, this.cubeSize);
    gl.uniform1f(place.upright, upright ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.SCISSOR_TEST);
  }

  // Wait until the pixels are there: reading one back cannot be done before.
  finish() {
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  // The whole picture through the shader, pixel by pixel: RGBA bytes.
  pixels() {
    const { gl } = this, { width, height } = this.picture, out = new Uint8Array(width * height * 4);
    const kept = this.view, target = gl.createFramebuffer(), store = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, store);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, store);
    this.draw({ ...kept, mode: "after", overlay: "none", scale: 1, centre: [width / 2, height / 2] }, false, width, height, false);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, out);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(target);
    gl.deleteRenderbuffer(store);
    this.draw(kept);
    return out;
  }
}

export class CpuPreview {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.scratch = document.createElement("canvas");
  }

  setPicture(source) {
    this.picture = source;
  }

  setCube(stage) {
    this.cube = stage;
  }

  draw(view) {
    const { canvas, scratch } = this, { width, height } = canvas;
    this.view = view;
    scratch.width = width;
    scratch.height = height;
    const context = scratch.getContext("2d", { willReadFrequently: true });
    context.fillStyle = `rgb(${view.surround.map((value) => value * 255)})`;
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = view.scale < 1;
    const panels = view.mode === "side" ? [[0, 0.25, false], [0.5, 0.75, true]]
      : view.mode === "split" ? [[0, 0.5, false], [view.split, 0.5, true]]
        : [[0, 0.5, view.mode === "after"]];
    panels.forEach(([left, middle, after], index) => {
      const x0 = Math.round(left * width);
      const x1 = index + 1 < panels.length ? Math.round(panels[index + 1][0] * width) : width;
      if (x1 <= x0) return;
      context.save();
      context.beginPath();
      context.rect(x0, 0, x1 - x0, height);
      context.clip();
      context.setTransform(view.scale, 0, 0, view.scale,
        middle * width - view.centre[0] * view.scale, height / 2 - view.centre[1] * view.scale);
      context.drawImage(this.picture, 0, 0);
      context.restore();
      if (after) this.change(context, x0, x1 - x0, height);
    });
    this.context.drawImage(scratch, 0, 0);
  }

  change(context, x, width, height) {
    const image = context.getImageData(x, 0, width, height), { data } = image, row = new Float64Array(width * 3);
    for (let y = 0; y < height; y++) {
      const start = y * width * 4;
      for (let k = 0; k < width; k++) for (let c = 0; c < 3; c++) row[k * 3 + c] = data[start + k * 4 + c] / 255;
      lookUp(this.cube, row);
      for (let k = 0; k < width; k++) for (let c = 0; c < 3; c++) data[start + k * 4 + c] = Math.floor(row[k * 3 + c] * 255 + 0.5);
    }
    context.putImageData(image, x, 0);
  }

  finish() {}

  pixels() {
    const { width, height } = this.picture, scratch = document.createElement("canvas");
    scratch.width = width;
    scratch.height = height;
    const context = scratch.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.picture, 0, 0);
    this.change(context, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }
}
