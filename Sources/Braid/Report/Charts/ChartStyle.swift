/// Colours of pages and drawings. Text stands at least 4.5 to 1 against its ground in both schemes, lines at least 3 to 1 (WCAG 2.2, AA).
enum ChartStyle {
    private static let light =
        "--ground:#f6f8fa;--card:#fff;--ink:#1b1f24;--soft:#57606a;--edge:#d0d7de;--grid:#e4e8ec;--hit:#0969da;--miss:#cf222e;--c0:#0969da;--c1:#b35900;--c2:#1a7f37;--c3:#8250df;--c4:#bf3989;--c5:#0a7d82;--c6:#7d4e00;--c7:#57606a;--mute:#868f99"
    private static let dark =
        "--ground:#0d1117;--card:#161b22;--ink:#e6edf3;--soft:#9da7b3;--edge:#3d444d;--grid:#2a313a;--hit:#58a6ff;--miss:#ff7b72;--c0:#58a6ff;--c1:#f0883e;--c2:#3fb950;--c3:#bc8cff;--c4:#f778ba;--c5:#39c5cf;--c6:#d29922;--c7:#9da7b3;--mute:#6e7681"

    static let variables =
        ":root{color-scheme:light dark;\(light)}@media(prefers-color-scheme:dark){:root{\(dark)}}@media print{:root{color-scheme:light;\(light)}}"

    /// How many series have a colour of their own.
    static let series = 8

    static let rules =
        (0..<series).map { ".k\($0){--k:var(--c\($0))}" }.joined()
            + """
            svg{display:block;width:100%;height:auto}svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft)}svg .title{font-weight:600;font-size:14px;fill:var(--ink)}svg .strong{fill:var(--ink)}
            .rule{stroke:var(--grid);fill:none}.axis{stroke:var(--soft);fill:none}.guide{stroke:var(--soft);stroke-dasharray:4 4;fill:none}.target{stroke:var(--miss);stroke-dasharray:2 4;fill:none}
            .line{stroke:var(--k);stroke-width:2;fill:none;stroke-linejoin:round}.bar{fill:var(--k)}.bar.mute{fill:var(--mute)}.halo{stroke:var(--card);stroke-width:4.5;fill:none}.dot{fill:var(--k);stroke:none}.ring{fill:var(--card);stroke:var(--k);stroke-width:2}.whisker{stroke:var(--k);stroke-width:1.5;fill:none}.over{stroke:var(--ink);stroke-width:1.5;fill:none}
            .cell{stroke:var(--grid);stroke-width:1}.cell.hit{fill:var(--hit);fill-opacity:calc(var(--o)*.5)}.cell.miss{fill:var(--miss);fill-opacity:calc(var(--o)*.5)}
            figure{margin:0;min-width:0}figcaption{font-weight:600;font-size:14px;margin:0 0 6px}.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 0;padding:0;font-size:13px}.legend li{display:flex;align-items:center;gap:6px;min-width:0}.legend svg{width:26px;height:10px;flex:none}
            """
}
