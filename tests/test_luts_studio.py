"""The studio in a real browser: its arithmetic against ours, its habits as a user meets them."""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import luts
from luts.cli import main
from luts.families import FAMILIES, draw
from luts.look import KINDS, Look, dump_look, parse_look, to_severity
from luts.measure import natural_colours, severity
from luts.ocio import invert_exactly
from luts.pictures import read_picture, write_picture
from luts.plate.read import read_plate
from luts.studio.page import MODULES, page, script
from luts.studio.serve import make_server
from luts.tool.errors import UserError
from tests import browser
from tests.looks import layer

needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")
CONTROL, SHIFT, ALT, DELETE = "\ue009", "\ue008", "\ue00a", "\ue017"
UP, RIGHT, ENTER = "\ue013", "\ue014", "\ue006"
EVERYTHING = Look(tuple(layer(kind, strength=0.4) for kind in KINDS), name="every kind", amount=0.8)


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("studio") / "studio.html"
    path.write_text(page(), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium(url):
    with browser.Browser() as session:
        session.open(url)
        yield session


@pytest.fixture
def studio(chromium, url):
    """The page as a newcomer finds it; opened anew only where another one was opened since."""
    if chromium.js("return location.href;") != url:
        chromium.open(url)
    chromium.js(
        "const first = ['exposure', 'temperature', 'curves'].map((kind) => studio.newLayer(kind));"
        "Object.assign(studio.store, { look: { name: '', amount: 1, layers: first },"
        "  past: [], future: [], tag: null });"
        "studio.panel.open = new Set([0]); studio.store.changed(null);"
        "document.activeElement.blur(); document.querySelector('[data-mode=split]').click();"
    )
    chromium.settle()
    chromium.console()
    yield chromium
    assert chromium.console() == []


def load(studio, look: Look) -> None:
    studio.js("studio.load(arguments[0]);", dump_look(look))
    studio.settle()


def cube_of(studio, size: int) -> np.ndarray:
    """The browser's cube, all digits."""
    packed = studio.js(
        "const { table } = studio.bake(studio.look, arguments[0]);"
        "const bytes = new Uint8Array(table.buffer); let text = '';"
        "for (let k = 0; k < bytes.length; k += 8192)"
        "  text += String.fromCharCode(...bytes.subarray(k, k + 8192));"
        "return btoa(text);",
        size,
    )
    return np.frombuffer(base64.b64decode(packed), np.float32).reshape(size, size, size, 3)


# --- the file


def test_page_is_small_and_needs_nothing_else():
    html = page()
    pictures = sum(len(part.split('"')[0]) for part in html.split("data:image/")[1:])
    assert len(html.encode()) - pictures < 3_000_000
    for word in ("http://", "https://", "src=", "@import", "url("):
        left = html.replace("http://www.w3.org/2000/svg", "")
        assert word not in left, word
    assert "default-src 'none'" in html


def test_modules_use_only_what_is_read_before_them():
    text = script()
    for name in MODULES:
        assert text.count(f"const {name}_js = ") == 1
    order = {name: place for place, name in enumerate(MODULES)}
    for part in text.split("\nconst ")[1:]:
        del part
    for name in MODULES:
        body = text.split(f"const {name}_js = ")[1].split("\n})();")[0]
        used = [other for other in MODULES if f"= {other}_js;" in body]
        assert all(order[other] < order[name] for other in used), name
        assert "import " not in body.split("//")[0]


def test_a_closing_tag_in_a_name_stays_data(tmp_path):
    look = tmp_path / "x.toml"
    look.write_text(dump_look(Look((), name="</script><script>alert(1)")))
    assert "</script><script>alert" not in page(lut=look)


def test_what_cannot_be_read_is_refused_by_name(tmp_path, capsys):
    with pytest.raises(UserError, match="no LUT 'tungste' in the library"):
        page(lut="tungste")
    text = tmp_path / "photo.jpg"
    text.write_text("no picture")
    assert main(["studio", str(text), "-o", str(tmp_path / "s.html")]) == 2
    assert "photo.jpg" in capsys.readouterr().err
    assert not (tmp_path / "s.html").exists()
    assert main(["studio", "--serve", "70000"]) == 2
    assert main(["studio", "--serve", "-o", "x.html"]) == 2
    assert main(["studio", "--serve", "--folder", str(tmp_path / "gone")]) == 2


# --- the arithmetic


@needs_browser
@pytest.mark.parametrize("kind", [*(pytest.param(k, marks=pytest.mark.slow) for k in KINDS), "all"])
def test_cube_shader_and_numbers_are_ours(studio, kind):
    look = EVERYTHING if kind == "all" else Look((layer(kind),), name=kind)
    load(studio, look)
    baked = look.bake()
    assert np.abs(cube_of(studio, 33) - baked.table).max() <= 1e-5
    ours = severity(baked)
    theirs = studio.js("return studio.figures;")
    for name in ("natural", "uniform"):
        found = getattr(ours, name)
        for figure in ("mean", "p95", "clipped", "folded", "merging"):
            assert theirs[name][figure] == pytest.approx(getattr(found, figure), abs=1e-3)
    studio.js("await studio.choosePicture(studio.pictures.findIndex((p) => p.name === 'ramp'));")
    packed = studio.js(
        "const look = studio.preview.pixels(), { canvas } = studio.pictures.find("
        "  (p) => p.name === 'ramp');"
        "const was = canvas.getContext('2d').getImageData(0, 0, 960, 640).data;"
        "const text = (bytes) => { let t = ''; for (let k = 0; k < bytes.length; k += 8192)"
        "  t += String.fromCharCode(...bytes.subarray(k, k + 8192)); return btoa(t); };"
        "return [text(look), text(was)];"
    )
    after, before = (
        np.frombuffer(base64.b64decode(text), np.uint8).reshape(640, 960, 4)[..., :3]
        for text in packed
    )
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 5000
    expected = luts.apply(baked, before)
    assert np.abs(after.astype(int) - expected).max() <= 1


@needs_browser
@pytest.mark.slow
def test_families_are_drawn_as_luts_random_draws_them(studio):
    """Offline: numpy's generator and its distributions are repeated in the page."""

    def flat(value):
        if isinstance(value, dict):
            return [x for key in sorted(value) for x in flat(value[key])]
        return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]

    for family in FAMILIES:
        for seed in (0, 7, 2**31 - 1):
            ours = draw(family, seed=seed, severity=4.0)
            theirs = studio.js("return studio.drawMember(...arguments[0]);", [family, seed, 4.0])
            known = {k: v for k, v in ours.parameters.items() if k != "table_hash"}
            for a, b in zip(flat(known), flat(theirs["parameters"]), strict=True):
                assert a == (b if isinstance(a, str) else pytest.approx(b, rel=1e-9, abs=1e-12))
            assert theirs["strength"] == pytest.approx(ours.strength, abs=2e-7)


@needs_browser
@pytest.mark.slow
def test_severity_is_scaled_to_as_in_python(studio):
    look = Look((layer("temperature"), layer("film"), layer("hue-vs-hue")))
    load(studio, look)
    studio.js("document.getElementById('target').value = '';")
    studio.type("#target", "5" + ENTER)
    studio.settle()
    assert studio.js("return studio.look.amount;") == pytest.approx(
        to_severity(look, 5.0).amount, abs=1e-6
    )
    assert studio.js("return studio.figures.natural.mean;") == pytest.approx(5, rel=0.01)
    studio.js("await studio.scaleTo(300);")
    assert "does not reach severity 300" in studio.js(
        "return document.getElementById('status').textContent;"
    )


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["exposure", "curves", "fade", "channel-mix"])
def test_what_an_inverse_leaves_is_what_opencolorio_leaves(studio, kind):
    look = Look((layer(kind),))
    load(studio, look)
    natural = natural_colours()
    lut = look.bake()
    sent = luts.apply(lut, natural.encoded.astype(np.float32))
    sent = np.floor(np.clip(sent, 0, 1) * 255 + 0.5) / 255
    back = invert_exactly(lut, sent.astype(np.float32))
    ours = float(natural.weights @ natural.difference(back.astype(np.float64)))
    assert studio.js("return studio.figures.undo.mean;") == pytest.approx(ours, rel=0.01)


# --- in and out


@needs_browser
@pytest.mark.slow
def test_files_out_are_read_here(studio, tmp_path):
    look = Look((layer("exposure"), layer("curves"), layer("fade")), name="three curves")
    load(studio, look)

    def made(form: str) -> Path:
        name, packed = studio.js(
            "const { name, blob } = await studio.makeFile(studio.look, arguments[0]);"
            "const bytes = new Uint8Array(await blob.arrayBuffer()); let text = '';"
            "for (let k = 0; k < bytes.length; k += 8192)"
            "  text += String.fromCharCode(...bytes.subarray(k, k + 8192));"
            "return [name, btoa(text)];",
            form,
        )
        path = tmp_path / name
        path.write_bytes(base64.b64decode(packed))
        return path

    saved = made("look")
    assert parse_look(saved.read_bytes(), "x") == look
    for size in (17, 33, 65):
        theirs = luts.read_cube(made(f"cube-{size}"))
        assert theirs.title == "three curves"
        np.testing.assert_allclose(theirs.table, look.bake(size).table, atol=1e-5)
    assert main(["bake", str(saved), "-o", str(tmp_path / "b.cube")]) == 0
    ours = luts.read_cube(tmp_path / "b.cube")
    np.testing.assert_allclose(luts.read_cube(made("cube-33")).table, ours.table, atol=1e-5)
    np.testing.assert_allclose(
        luts.read_cube(made("curves")).table, look.bake_curves().table, atol=1e-7
    )
    plate = read_plate(made("plate"))
    assert plate.bits == 16 and plate.layout == "hald"
    np.testing.assert_allclose(plate.lut.table, look.bake(64).table, atol=2e-5)


@needs_browser
@pytest.mark.slow
def test_looks_cubes_and_plates_go_in_again(studio, tmp_path):
    studio.drop(("every.toml", dump_look(EVERYTHING).encode()))
    studio.wait("studio.look.name === 'every kind'")
    assert parse_look(studio.js("return studio.lookText(studio.look);").encode(), "x") == EVERYTHING
    load(studio, Look(()))
    cube = tmp_path / "shaped.cube"
    shaper = luts.Lut1D(np.linspace((0, 0, 0), (1, 0.9, 0.8), 9) ** 0.8)
    lut = luts.ShapedLut(shaper, luts.load("sunset"))
    luts.write_cube(lut, cube, "resolve")
    studio.drop((cube.name, cube.read_bytes()))
    studio.wait("studio.look.layers.length === 1")
    studio.settle()
    text = studio.js("return studio.lookText(studio.look);")
    again = parse_look(text.encode(), "x").bake()
    np.testing.assert_allclose(again.table, luts.compose(lut, size=33).table, atol=1e-5)
    np.testing.assert_allclose(cube_of(studio, 33), again.table, atol=1e-6)
    for bits in (8, 16):
        load(studio, Look(()))
        from luts.plate.plate import identity_plate

        edited = luts.apply(luts.load("tungsten"), identity_plate(6, "hald", bits))
        plate = tmp_path / f"plate{bits}.png"
        write_picture(plate, edited)
        studio.drop((plate.name, plate.read_bytes()))
        studio.wait("studio.look.layers.length === 1")
        np.testing.assert_allclose(
            cube_of(studio, 36), read_plate(plate).lut.table, atol=1.5e-3 if bits == 8 else 1e-5
        )


DAMAGED = {
    "few.cube": (b"LUT_3D_SIZE 2\n0 0 0\n", "few.cube:3: LUT_3D_SIZE 2: expected 8 rows, found 1"),
    "nan.cube": (b"LUT_3D_SIZE 2\n0 nan 0\n", "nan.cube:2: NaN and infinity are not colours"),
    "comma.cube": (b"LUT_3D_SIZE 2\n0,1 0 0\n", "comma.cube:2: commas"),
    "size.cube": (b"LUT_3D_SIZE 1\n0 0 0\n", "size.cube:1: LUT_3D_SIZE takes one whole number"),
    "odd.toml": (b"look = 1\n[[layer]]\nkind = 'x'\n", "odd.toml: layer 1: no kind 'x'"),
    "half.toml": (b"look = 1\nname = 'x", "half.toml:2: a text that does not end"),
    "range.toml": (b"look = 1\namount = 9\n", "range.toml: amount is 0 to 4, got 9"),
    "photo.jpg": (b"\xff\xd8\xff garbage", "photo.jpg: not a picture this browser can read"),
}


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_refused_in_one_line_and_change_nothing(studio, name):
    data, told = DAMAGED[name]
    before = studio.js("return JSON.stringify(studio.look);")
    studio.drop((name, data))
    studio.wait("document.getElementById('status').classList.contains('bad')")
    assert told in studio.js("return document.getElementById('status').textContent;")
    assert studio.js("return JSON.stringify(studio.look);") == before


@needs_browser
@pytest.mark.slow
def test_pictures_are_converted_by_their_profile(studio):
    """A P3 red is beyond sRGB; a P3 colour inside sRGB becomes its sRGB numbers."""
    from tests.looks import tagged_png

    for profile, expected in (("P3", "P3, converted"), ("Adobe RGB (1998)", "Adobe RGB, conv")):
        encoded, srgb, data = tagged_png(profile)
        studio.drop((f"{profile}.png", data))
        studio.wait(f"studio.pictures[0].name === '{profile}.png'")
        note = studio.js("return document.getElementById('picture-note').textContent;")
        assert expected in note
        shown = studio.js(
            "const { canvas } = studio.pictures[0];"
            "return [...canvas.getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3);"
        )
        assert np.abs(np.array(shown) - srgb).max() <= 2, (shown, srgb, encoded)
        assert np.abs(np.array(shown) - encoded).max() > 4


# --- habits


@needs_browser
def test_a_newcomers_walk(studio, tmp_path):
    """Drop a photo, drag a slider and a curve, undo, redo, reload: it is all there."""
    photo = luts.studio.page.PHOTO
    studio.drop(("holiday.jpg", photo.read_bytes()))
    studio.wait("studio.pictures[0].name === 'holiday.jpg'")
    studio.drag("[data-path='0.ev']", (40, 0))
    studio.settle()
    ev = studio.js("return studio.look.layers[0].values.ev;")
    assert ev > 0.5
    assert studio.js("return studio.figures.natural.mean;") > 1
    studio.click("[data-path='2.head'] .kind")
    studio.drag("[data-path='2.master.1']", (0, 30))
    low = studio.js("return studio.look.layers[2].values.master[1][1];")
    assert low < 0.95
    studio.keys(CONTROL, "z")
    assert studio.js("return studio.look.layers[2].values.master[1][1];") == 1
    assert studio.js("return studio.look.layers[0].values.ev;") == ev
    studio.keys(CONTROL, "z")
    assert studio.js("return studio.look.layers[0].values.ev;") == 0
    studio.keys(CONTROL, SHIFT, "z")
    studio.keys(CONTROL, SHIFT, "z")
    look = studio.js("return JSON.stringify(studio.look);")
    assert json.loads(look)["layers"][2]["values"]["master"][1][1] == low
    studio.js("await studio.keep();")
    studio.open(studio.js("return location.href;"))
    studio.settle()
    assert studio.js("return JSON.stringify(studio.look);") == look
    assert studio.js("return studio.pictures[0].name;") == "holiday.jpg"
    studio.keys(CONTROL, "z")
    studio.keys(CONTROL, "z")
    assert studio.js("return studio.look.layers[0].values.ev;") == 0


@needs_browser
@pytest.mark.slow
def test_everything_by_keyboard(studio):
    studio.js("document.querySelector(\"[data-path='2.head']\").focus();")
    studio.keys(ENTER)
    studio.keys(ALT, UP)
    kinds = "return studio.look.layers.map((layer) => layer.kind);"
    assert studio.js(kinds) == ["exposure", "curves", "temperature"]
    studio.js("document.querySelector(\"[data-path='1.master.0']\").focus();")
    for _ in range(3):
        studio.keys(UP)
    assert studio.js("return studio.look.layers[1].values.master[0][1];") == pytest.approx(0.03)
    studio.keys(DELETE)
    assert studio.js("return studio.look.layers[1].values.master.length;") == 1
    studio.js("document.querySelector(\"[data-path='0.head']\").focus();")
    studio.keys(DELETE)
    assert studio.js(kinds) == ["curves", "temperature"]
    studio.js("document.getElementById('preview').focus();")
    studio.keys("d")
    assert studio.js("return studio.view.mode;") == "side"
    studio.keys("1")
    studio.keys(RIGHT)
    assert studio.js("return [studio.view.fit, studio.view.scale];") == [False, 1]
    studio.keys("c")
    assert studio.js("return studio.view.overlay;") == "clipping"


@needs_browser
@pytest.mark.slow
def test_every_control_has_a_name_for_screen_readers(studio):
    load(studio, EVERYTHING)
    studio.js("studio.panel.open = new Set(studio.look.layers.keys()); studio.panel.render();")
    nameless = studio.js(
        "return [...document.querySelectorAll('button, input, select, canvas, [tabindex]')]"
        ".filter((e) => !(e.ariaLabel || e.getAttribute('aria-label') || e.title ||"
        "  e.textContent.trim() || e.labels?.length || e.hidden)).map((e) => e.outerHTML);"
    )
    assert [html for html in nameless if "96" not in html] == []


@needs_browser
@pytest.mark.slow
def test_typed_values_double_click_and_refused_numbers(studio):
    studio.js("document.querySelector(\"[data-path='0.ev#']\").select();")
    studio.type("[data-path='0.ev#']", "1.25" + ENTER)
    assert studio.js("return studio.look.layers[0].values.ev;") == 1.25
    studio.js("document.querySelector(\"[data-path='0.ev#']\").select();")
    studio.type("[data-path='0.ev#']", "99" + ENTER)
    assert studio.js("return studio.look.layers[0].values.ev;") == 1.25
    studio.js(
        "document.querySelector(\"[data-path='0.ev']\")"
        ".dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));"
    )
    assert studio.js("return studio.look.layers[0].values.ev;") == 0


@needs_browser
@pytest.mark.slow
def test_a_layer_that_cannot_be_made_says_so_and_the_rest_goes_on(studio):
    text = (
        'look = 1\n[[layer]]\nkind = "exposure"\nev = 1\n[[layer]]\nkind = "lut"\nlut = "my.cube"\n'
    )
    studio.js("studio.load(arguments[0]);", text)
    studio.settle()
    told = studio.js(
        "return [...document.querySelectorAll('.layer .error')].map((e) => e.innerText);"
    )
    assert "my.cube lies in a file: import it" in told[1]
    assert studio.js("return studio.figures.natural.mean;") > 5
    cube = luts.library.path("tungsten").read_bytes()
    studio.drop(("my.cube", cube))
    studio.wait("studio.look.layers[1].values.cube.length > 1000")
    assert len(studio.js("return studio.look.layers;")) == 2


@needs_browser
@pytest.mark.slow
def test_the_processor_draws_the_same_without_webgl(chromium, url):
    chromium.open(f"{url}?cpu")
    chromium.js("studio.load(arguments[0]);", dump_look(Look((layer("film"),))))
    chromium.settle()
    assert not chromium.js("return document.getElementById('gpu-note').hidden;")
    packed = chromium.js(
        "const { canvas } = studio.pictures[0], { width, height } = canvas;"
        "const was = canvas.getContext('2d').getImageData(0, 0, width, height).data;"
        "const is = studio.preview.pixels();"
        "return [width, height, [...was.subarray(0, 40000)], [...is.subarray(0, 40000)]];"
    )
    before, after = (np.array(packed[k], np.uint8).reshape(-1, 4)[:, :3] for k in (2, 3))
    expected = luts.apply(Look((layer("film"),)).bake(), before)
    assert np.abs(after.astype(int) - expected).max() <= 1


# --- served


@pytest.fixture
def served(tmp_path):
    server, address = make_server(0, tmp_path, lambda token: page(token=token))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address, tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, data: bytes | None = None, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(
        url, data, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_only_the_token_opens_the_server(served):
    address, folder = served
    token = address.split("/")[-2]
    root = address.removesuffix(f"{token}/")
    assert ask(address)[0] == 200
    for url in (root, root + "x/", root + token, address + "other"):
        assert ask(url)[0] == 404
    assert ask(address, Host="evil.example")[0] == 403
    save = f"{address}save?name="
    assert ask(save + "a.toml", b"x")[0] == 403
    for name in ("..%2Fa.toml", "a.sh", ".toml", "%2Fetc%2Fa.toml", "a%00.toml", ""):
        assert ask(save + name, b"x", X_Token=token)[0] == 400
    assert list(folder.iterdir()) == []
    status, told = ask(save + "a.toml", b"look = 1\n", X_Token=token)
    assert (status, told.strip()) == (200, str(folder / "a.toml"))
    assert (folder / "a.toml").read_bytes() == b"look = 1\n"


@needs_browser
@pytest.mark.slow
def test_save_writes_look_and_cube_into_the_folder(chromium, served):
    address, folder = served
    chromium.open(address)
    chromium.js("studio.load(arguments[0]);", dump_look(Look((layer("film"),), name="my film")))
    chromium.settle()
    chromium.keys(CONTROL, "s")
    chromium.wait("document.getElementById('status').textContent.includes('my-film.cube')")
    assert parse_look((folder / "my-film.toml").read_bytes(), "x").layers == (layer("film"),)
    np.testing.assert_allclose(
        luts.read_cube(folder / "my-film.cube").table,
        luts.load(folder / "my-film.toml").table,
        atol=1e-5,
    )


def test_pages_begin_with_what_they_are_given(tmp_path):
    picture = tmp_path / "deep.tif"
    write_picture(picture, np.full((4, 5, 3), 40000, np.uint16))
    cube = tmp_path / "own.cube"
    luts.write_cube(luts.load("tungsten"), cube)
    (tmp_path / "look.toml").write_text('look = 1\n[[layer]]\nkind = "lut"\nlut = "own.cube"\n')
    for lut in ("tungsten", cube, tmp_path / "look.toml"):
        html = page([picture], lut)
        data = json.loads(html.split('id="data">')[1].split("</script>")[0])
        assert data["pictures"][0]["name"] == "deep.tif"
        look = parse_look(data["look"].encode(), "x")
        assert luts.table_hash(look.bake(17)) == luts.table_hash(luts.load("tungsten"))
    shown = tmp_path / "shown.png"
    shown.write_bytes(base64.b64decode(data["pictures"][0]["url"].split(",")[1]))
    assert (read_picture(shown).pixels == 40000 >> 8).all()
