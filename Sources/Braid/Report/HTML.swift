internal import Foundation

/// The parts that pages are made of.
enum HTML {
    static func page(_ title: String, _ subtitle: String, _ sections: [String]) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(escape(title)) · Braid</title><style>\(css)</style></head>
        <body><main><header><h1>\(escape(title))</h1><p>\(escape(subtitle))</p></header>
        \(sections.joined(separator: "\n"))
        </main></body></html>

        """
    }

    static func section(_ heading: String, _ body: String) -> String { "<section><h2>\(escape(heading))</h2>\(body)</section>" }

    static func note(_ text: String) -> String { "<p class=note>\(escape(text))</p>" }

    static func percent(_ value: Double) -> String { String(format: "%.2f %%", 100 * value) }

    static func escape(_ text: String) -> String {
        Printable.escaped(text).replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static let css = """
        body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#f6f7f8;margin:0}main{max-width:980px;margin:0 auto;padding:24px}
        h1{margin:0;font-size:26px}header p{color:#667;margin:2px 0 18px}section{background:#fff;border:1px solid #e3e5e8;border-radius:10px;padding:16px 20px;margin:16px 0;overflow-x:auto}
        h2{font-size:17px;margin:0 0 10px}.tiles{display:flex;gap:12px;flex-wrap:wrap}.tile{background:#fff;border:1px solid #e3e5e8;border-radius:10px;padding:12px 18px;flex:1}
        .tile b{display:block;font-size:26px}.tile span{color:#667}table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:3px 10px;text-align:left}
        th{font-weight:600;color:#556}.n{text-align:right}.n,.k,.tile b{white-space:nowrap}.bar{width:420px}.bar i{display:block;height:12px;background:#2563a8;border-radius:3px}.note,.id{color:#778;font-size:13px;margin:6px 0 0}
        .confusion td.c{width:34px;text-align:center;border:1px solid #fff;padding:5px 2px}.confusion .r{text-align:right}.v{vertical-align:bottom;padding:3px}.v span{writing-mode:vertical-rl;transform:rotate(180deg)}
        .corner{color:#99a;font-size:12px}.charts{display:flex;gap:20px;flex-wrap:wrap}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px}
        .card{border:1px solid #e3e5e8;border-radius:8px;padding:10px}.card img{width:96px;height:96px;object-fit:contain;image-rendering:pixelated;background:#000;display:block}
        .card audio{width:100%;height:30px;margin-top:6px}.card p{margin:6px 0 0}blockquote{margin:8px 0 0;padding-left:8px;border-left:3px solid #dde;color:#445}
        .shown{display:flex;gap:10px;flex-wrap:wrap;margin:10px 0}.shown.wide{flex-direction:column}figure{margin:0;max-width:100%}figcaption{color:#778;font-size:13px}
        figure img{display:block;max-width:220px;min-width:120px;image-rendering:pixelated}figure audio{width:220px;height:30px;margin-top:4px}figure p{margin:0}s{color:#b43}ins{color:#263}
        """
}
