/// How pages look: light or dark as the reader's system is, and light on paper.
enum PageStyle {
    static let rules = """
        *{box-sizing:border-box}
        body{font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--ground);margin:0;overflow-wrap:anywhere}
        main{max-width:1080px;margin:0 auto;padding:28px 20px 40px}h1{margin:0;font-size:27px;line-height:1.25}header p{color:var(--soft);margin:4px 0 0}
        section,.summary{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:18px 22px;margin:16px 0}
        h2{font-size:18px;line-height:1.3;margin:0 0 12px}h3{font-size:15px;margin:18px 0 6px}p{margin:0 0 8px}.lead{font-size:17px}.lead:last-of-type{margin-bottom:14px}
        nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:16px 2px}a{color:var(--c0);text-decoration:underline;text-underline-offset:2px}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:12px 0}
        .tile{border:1px solid var(--edge);border-radius:8px;padding:10px 14px;min-width:0}.tile b{display:block;font-size:25px;line-height:1.25;font-variant-numeric:tabular-nums}
        .tile span{display:block;color:var(--soft)}small{display:block;color:var(--soft);font-size:12px;font-weight:400;line-height:1.4}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:10px 20px;margin:14px 0 0}.facts div{min-width:0}dt{color:var(--soft);font-size:13px}dd{margin:0}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums;max-width:100%}caption{position:absolute;width:1px;height:1px;overflow:clip;clip-path:inset(50%)}
        td,th{padding:5px 14px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}th{font-weight:600}thead th{color:var(--soft);vertical-align:bottom;font-size:13px;overflow-wrap:break-word}
        tbody th{font-weight:400}.n{text-align:right;padding-left:10px}td.n{white-space:nowrap}td.n small{white-space:nowrap}td:last-child,th:last-child{padding-right:2px}
        .shaded{background:color-mix(in srgb,var(--c0) calc(var(--o)*50%),transparent)}
        .note{color:var(--soft);font-size:13px;margin:10px 0 0;max-width:80ch}.warn{border-left:4px solid var(--miss);padding-left:12px}
        pre{margin:8px 0 0;padding:10px 12px;background:var(--ground);border:1px solid var(--edge);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
        code{font:inherit}details{margin:10px 0 0}summary{cursor:pointer;color:var(--c0);font-size:13px}details table,details pre{margin-top:8px}
        .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:22px 32px;align-items:start}.columns>*{min-width:0}.columns+p,figure+p{margin-top:12px}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,216px),1fr));gap:12px}.card{border:1px solid var(--edge);border-radius:8px;padding:12px;min-width:0;break-inside:avoid}
        .card p{margin:6px 0 0}.card .id{color:var(--soft);font-size:13px}.card img{max-width:100%;max-height:160px;min-width:64px;min-height:64px;object-fit:contain;display:block;border-radius:4px}
        .small{image-rendering:pixelated}.card audio,figure audio{display:block;width:100%;max-width:300px;height:34px;margin-top:6px}
        blockquote{margin:8px 0 0;padding-left:10px;border-left:3px solid var(--edge);color:var(--ink)}
        .shown{display:flex;gap:12px;flex-wrap:wrap;margin:10px 0}.shown.wide{flex-direction:column}.shown figure{max-width:100%}
        .shown img{display:block;max-width:min(100%,220px);min-width:120px}.shown p{margin:0}s{color:var(--miss)}ins{color:var(--c2)}
        @media(max-width:600px){.facts{grid-template-columns:repeat(auto-fill,minmax(140px,1fr))}main{padding:16px 10px 24px}section,.summary{padding:14px}h1{font-size:22px}.lead{font-size:16px}.tiles{grid-template-columns:1fr 1fr;gap:8px}.tile{padding:8px 10px}.tile b{font-size:21px}
        td,th{padding:4px 8px 4px 0}.n{padding-left:4px}small{font-size:11px}details table{font-size:13px}
        .wide,.wide tbody,.wide tr,.wide th,.wide td{display:block}.wide thead{position:absolute;width:1px;height:1px;overflow:clip;clip-path:inset(50%)}.wide tr{border-bottom:1px solid var(--edge);padding:6px 0}
        .wide th,.wide td{border:0;padding:2px 0;text-align:left;white-space:normal}.wide tbody th{font-weight:600}.wide td[data-label]:not([data-label=""])::before{content:attr(data-label) ": ";color:var(--soft)}}
        @media print{body{font-size:11px;background:none}main{max-width:none;padding:0}section,.summary{border:0;border-top:1px solid var(--edge);border-radius:0;padding:10px 0;margin:0}nav,details:not(.kept){display:none}.card audio,figure audio{display:none}.kept::details-content{content-visibility:visible}td,th{font-size:10px;padding:3px 6px 3px 0}.n{padding-left:3px}small{font-size:9px}.note,dt{font-size:10px}
        h2{break-after:avoid}figure,.tile,tr{break-inside:avoid}.columns{grid-template-columns:1fr 1fr}.cards{grid-template-columns:repeat(4,1fr)}.shaded,svg,.swatch{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        """
}
