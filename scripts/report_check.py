"""Opens report pages in headless Chromium, wide and narrow, light, dark and on paper, and says what a reader would stumble over.

For each page and view: an element that is clipped (scrollWidth > clientWidth), text outside its drawing or over other text, contrast below WCAG's AA,
an error on the console, a request of any kind, a drawing or picture without a name, a table header without a scope, "-0" on an axis, a page of more
than 3 MB. `<details>` are opened, so that what they hold is looked at too.

It is no part of `make test`: it needs Chromium (Debian's package `chromium`) and `pip install playwright==1.49.1`; where either is missing it says so
and exits with 77.

Usage: python3 scripts/report_check.py PAGE.html... [--shots FOLDER]
       python3 scripts/report_check.py --runs BRAID [--keep FOLDER] [--shots FOLDER]   trains small runs of every task, and checks their pages
"""

import argparse
import csv
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
SKIPPED = 77
MOST_BYTES = 3_000_000
VIEWS = [(width, scheme, "screen") for width in (1280, 390) for scheme in ("light", "dark")] + [(1280, "light", "print"), (1280, "dark", "print")]

# What the page is asked; gives a list of faults.
LOOK = r"""
(media) => {
  const faults = [];
  const name = (e) => {
    const text = (e.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
    const kind = typeof e.className === "string" ? e.className : (e.getAttribute("class") || "");
    return `<${e.localName}${kind ? " class=" + kind : ""}> ${JSON.stringify(text)}`;
  };
  const isShown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
  const isHiddenText = (e) => e.closest("caption") || (e.closest("thead") && getComputedStyle(e.closest("thead")).position === "absolute");
  const all = [...document.querySelectorAll("body, body *")].filter(isShown);
  for (const e of all) {
    // Within a drawing both are measured in other units; texts there are looked at below.
    const isDrawn = e.ownerSVGElement;
    if (!isDrawn && e.clientWidth > 0 && e.scrollWidth > e.clientWidth && !isHiddenText(e)) faults.push(`clipped: ${name(e)} is ${e.scrollWidth} wide in ${e.clientWidth}`);
    const box = e.getBoundingClientRect();
    if (!isHiddenText(e) && (box.right > document.documentElement.clientWidth + 0.5 || box.left < -0.5)) faults.push(`beyond the window: ${name(e)} ends at ${box.right.toFixed(0)}`);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push("the page scrolls sideways");
  // Drawings: text within them, none over another.
  for (const svg of document.querySelectorAll("svg")) {
    if (!isShown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((t) => [t, t.getBoundingClientRect()]);
    for (const [t, box] of texts) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) faults.push(`outside its drawing: ${name(t)}`);
    }
    for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
      const [a, b] = [texts[i][1], texts[j][1]];
      const [x, y] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
      if (x > 2 && y > 4) faults.push(`over other text: ${name(texts[i][0])} and ${name(texts[j][0])}`);
    }
    if (svg.getAttribute("aria-hidden") !== "true" && !(svg.getAttribute("role") === "img" && svg.getAttribute("aria-label"))) faults.push(`a drawing without a name: ${name(svg)}`);
    for (const [t] of texts) if (/^-0(\.0*)?( %)?$/.test(t.textContent.trim())) faults.push(`-0 on an axis: ${name(t)}`);
  }
  for (const e of document.querySelectorAll("img")) if (!e.getAttribute("alt")) faults.push("a picture without alt");
  for (const e of document.querySelectorAll("audio")) if (!e.getAttribute("aria-label")) faults.push("a recording without a name");
  for (const e of document.querySelectorAll("th")) if (!e.getAttribute("scope")) faults.push(`a header without scope: ${name(e)}`);
  for (const e of document.querySelectorAll("table")) if (!e.querySelector("caption")) faults.push("a table without caption");
  if (!document.documentElement.lang) faults.push("the page has no language");
  const headings = [...document.querySelectorAll("h1, h2, h3")].map((e) => Number(e.localName[1]));
  headings.forEach((level, i) => { if (i && level > headings[i - 1] + 1) faults.push(`a heading of level ${level} follows one of ${headings[i - 1]}`); });
  // Contrast: text against what is behind it, mixed through from the window up.
  const parse = (text) => {
    const canvas = parse.canvas || (parse.canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true }));
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, alpha, ground) => ground.map((c, i) => top[i] * alpha + c * (1 - alpha));
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const paper = media === "print" ? [255, 255, 255] : null;
  const ground = (e) => {
    const chain = []; for (let at = e; at; at = at.parentElement) chain.unshift(at);
    let colour = paper || [255, 255, 255];
    for (const at of chain) { const c = parse(getComputedStyle(at).backgroundColor); colour = over(c.slice(0, 3), c[3], colour); }
    return colour;
  };
  let least = 99;
  for (const e of all) {
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!hasText || isHiddenText(e)) continue;
    const style = getComputedStyle(e);
    let back = ground(e.closest("svg") ? e.closest("svg").parentElement : e);
    let ink = parse(e.closest("svg") ? style.fill : style.color);
    const cell = e.closest("svg") && e.classList.contains("on") ? e.previousElementSibling : null;
    if (cell) { const c = getComputedStyle(cell); back = over(parse(c.fill).slice(0, 3), Number(c.fillOpacity), back); }
    const found = contrast(over(ink.slice(0, 3), ink[3], back), back);
    least = Math.min(least, found);
    if (found < 4.5) faults.push(`contrast ${found.toFixed(2)}: ${name(e)}`);
  }
  // Lines and areas that carry meaning: 3 to 1.
  for (const e of document.querySelectorAll("svg .line, svg .dot, svg .bar, svg .over, svg .guide, svg .axis, svg .whisker")) {
    if (!isShown(e)) continue;
    const style = getComputedStyle(e);
    const colour = parse(style.stroke !== "none" ? style.stroke : style.fill).slice(0, 3);
    const found = contrast(colour, ground(e.closest("svg").parentElement));
    if (found < 3) faults.push(`contrast of a shape ${found.toFixed(2)}: ${name(e)} ${e.getAttribute("class")}`);
  }
  return { faults: [...new Set(faults)], least };
}
"""


def skip(reason):
    print(f"SKIPPED: {reason}. The pages were NOT checked.", file=sys.stderr)
    sys.exit(SKIPPED)


def check(pages, shots):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip("there is no playwright; pip install playwright==1.49.1")
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not browser_path:
        skip("there is no Chromium; apt-get install chromium")
    faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for label, page_path in pages:
            size = page_path.stat().st_size
            if size > MOST_BYTES:
                print(f"{label}: {size} bytes, more than {MOST_BYTES}")
                faults += 1
            least = 99
            for width, scheme, medium in VIEWS:
                said, asked = [], []
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page = context.new_page()
                page.on("console", lambda message: said.append(f"console: {message.text}") if message.type in ("error", "warning") else None)
                page.on("pageerror", lambda error: said.append(f"error: {error}"))
                page.on("request", lambda request: asked.append(request.url))
                page.emulate_media(media=medium, color_scheme=scheme)
                page.goto(page_path.resolve().as_uri())
                if shots:
                    name = f"{label}-{width}-{scheme}{'-print' if medium == 'print' else ''}"
                    page.screenshot(path=str(shots / f"{name}.png"), full_page=True)
                    if medium == "print" and scheme == "light":
                        page.pdf(path=str(shots / f"{name}.pdf"), format="A4", margin={side: "14mm" for side in ("top", "bottom", "left", "right")})
                found = page.evaluate(LOOK, medium)
                page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true })")
                opened = page.evaluate(LOOK, medium)
                least = min(least, found["least"], opened["least"])
                others = [f"asks for {url[:80]}" for url in asked[1:] if not url.startswith("data:")]
                for fault in dict.fromkeys(found["faults"] + opened["faults"] + said + others):
                    print(f"{label}, {width} px, {scheme}, {medium}: {fault}")
                    faults += 1
                context.close()
            print(f"{label}: {size / 1e6:.2f} MB, least contrast {least:.2f}", flush=True)
        browser.close()
    print(f"{len(pages)} pages in {len(VIEWS)} views: {faults} fault(s)")
    return faults


def made_runs(braid, folder):
    """Small trainings of every task, of what datasets/ has; their pages by name."""
    digits = ROOT / "datasets/digits"
    rows = list(csv.DictReader((digits / "manifest.csv").open()))
    configuration = (digits / "config.yaml").read_text()
    random.seed(0)

    def manifest(name, label):
        path = folder / f"{name}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "split", "label", "image", "audio", "text"])
            for index, row in enumerate(rows):
                cells = [str(digits / row[kind]) if row[kind] else "" for kind in ("image", "audio")] + [row["text"]]
                # Some lack a modality, so that there is something to see.
                if index % 5 == 1:
                    cells[index % 3] = ""
                writer.writerow([row["id"], row["split"], label(row), *cells])
        return path

    def braid_runs(*arguments):
        subprocess.run([str(braid), *map(str, arguments), "--quiet"], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    names = "zero one two three four five six seven eight nine".split()
    digit = lambda row: int(row["label"]) if row["label"].isdigit() else names.index(row["label"])
    kinds = {
        "multiclass": ("multiclass", lambda row: row["label"]),
        "binary": ("binary", lambda row: "even" if digit(row) % 2 == 0 else "odd"),
        "regression": ("regression", lambda row: f"{math.sqrt(digit(row)) * 2 - 3:.3f}"),
        "multilabel": ("multilabel", lambda row: "|".join(word for word, holds in [("even", digit(row) % 2 == 0), ("large", digit(row) > 4), ("prime", digit(row) in (2, 3, 5, 7))] if holds) or "|"),
    }
    pages = []
    for name, (task, label) in kinds.items():
        path = manifest(name, label)
        run = folder / name
        braid_runs("train", digits / "config.yaml", "--out", run, "--set", f"manifest={path}", "--set", f"head.task={task}", "--set", "fusion.type=gated", "--set", "training.epochs=12", "--set", f"training.early_stopping.metric={'rmse' if task == 'regression' else 'macro_f1'}")
        pages.append((name, run / "report.html"))
        if name == "multiclass":
            braid_runs("ablate", run, "--manifest", path, "--missing-rates", "0,0.25,0.5,0.75,1", "--out", folder / "ablation")
            braid_runs("evaluate", run, "--manifest", path, "--out", folder / "evaluation")
            pages += [("ablation", folder / "ablation/report.html"), ("evaluation", folder / "evaluation/report.html")]
            braid_runs("show", digits / "config.yaml", "--out", folder / "show.html", "--samples", 3, "--draws", 2, "--set", f"manifest={path}", "--set", "modalities.image.train=all", "--set", "modalities.image.augment=light")
            pages.append(("show", folder / "show.html"))
    fitted = folder / "fitted"
    braid_runs("train", digits / "config.yaml", "--out", fitted)
    pages.append(("fitted", fitted / "report.html"))
    return pages


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    parser.add_argument("--runs", metavar="BRAID", type=pathlib.Path, help="the command that trains what is to be checked")
    parser.add_argument("--keep", type=pathlib.Path, help="the folder that runs are left in; else they are removed")
    parser.add_argument("--shots", type=pathlib.Path, help="a folder for what the pages look like")
    options = parser.parse_args()
    if not options.pages and not options.runs:
        parser.error("name pages, or --runs BRAID")
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    pages = [(f"{page.parent.name}-{page.stem}", page) for page in options.pages]
    with tempfile.TemporaryDirectory() as temporary:
        if options.runs:
            os.environ.setdefault("BRAID_WEIGHTS", str(ROOT / ".deps/weights"))
            folder = (options.keep or pathlib.Path(temporary)).resolve()
            folder.mkdir(parents=True, exist_ok=True)
            pages += made_runs(options.runs.resolve(), folder)
        sys.exit(1 if check(pages, options.shots) else 0)


if __name__ == "__main__":
    main()
