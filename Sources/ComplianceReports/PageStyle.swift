// SPDX-License-Identifier: Apache-2.0

extension Page {
  /// Light, dark and printed. The drawings count in tenths of a pixel.
  static let sheet: StaticString = """
    :root{color-scheme:light dark;
    --ink:#16191d;--soft:#5b6675;--line:#dde1e7;--paper:#fff;--panel:#f6f7f9;
    --plan:#b4c0d0;--fill:#1f6feb;--mid:#7c8798;--vwap:#b7791f;--good:#1a7f4b;--bad:#c0342b;--warn:#9a5b00;
    --warn-paper:#fff6e5}
    @media(prefers-color-scheme:dark){:root{
    --ink:#e8ebf0;--soft:#9aa5b5;--line:#2e3641;--paper:#11151a;--panel:#181d24;
    --plan:#4c5a6e;--fill:#5b9dff;--mid:#8b97a8;--vwap:#e0a84a;--good:#4cc38a;--bad:#ff7b72;--warn:#f0b04a;
    --warn-paper:#2a2110}}
    @media print{:root{color-scheme:light;
    --ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--panel:#fff;
    --plan:#b4c0d0;--fill:#1f6feb;--mid:#666;--vwap:#8a5a00;--good:#1a7f4b;--bad:#c0342b;--warn:#7a4700;
    --warn-paper:#fff}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,"DejaVu Sans",sans-serif}
    main{max-width:1100px;margin:0 auto;padding:28px 24px 64px}
    h1{font-size:27px;line-height:1.25;margin:30px 0 4px;overflow-wrap:anywhere}
    h2{font-size:18px;margin:44px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
    p{margin:6px 0 12px;overflow-wrap:anywhere}
    code{font:12.5px ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
    ul{margin:4px 0 8px;padding-left:20px}
    a{color:inherit;text-decoration-color:var(--soft)}
    .note,.sub{color:var(--soft);font-size:13.5px}
    .verification{border:1px solid var(--line);border-left:6px solid var(--good);border-radius:6px;
    background:var(--panel);padding:14px 20px 6px}
    .verification.bad{border-left-color:var(--bad)}
    .verification h2{border:0;margin:0;padding:0;font-size:13px;font-weight:500;color:var(--soft)}
    .verdict{font-size:22px;font-weight:650;margin:0 0 6px;color:var(--good)}
    .bad .verdict{color:var(--bad)}
    .verification .open{columns:2;column-gap:32px;font-size:13.5px;color:var(--soft)}
    .banner{border:1px solid var(--warn);border-radius:6px;background:var(--warn-paper);color:var(--warn);
    padding:8px 16px;margin:12px 0}
    .banner strong{letter-spacing:.06em}
    .cards{display:grid;grid-template-columns:repeat(3,1fr);gap:12px;margin:20px 0}
    .card{border:1px solid var(--line);border-radius:6px;background:var(--panel);padding:10px 16px 12px}
    .card .label{color:var(--soft);font-size:13px}
    .card .value{font-size:23px;font-weight:650;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    .card .detail{font-size:13px}
    .card .leaves{color:var(--soft);font-size:12px}
    .facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:14px 0;font-size:14px}
    .facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
    .wide{overflow-x:auto;margin:8px 0 16px}
    table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
    th{text-align:left;color:var(--soft);font-weight:500;vertical-align:bottom}
    th,td{padding:5px 16px 5px 0;border-bottom:1px solid var(--line)}
    td{vertical-align:top;overflow-wrap:break-word}
    th.number,td.number{text-align:right}
    td.number{white-space:nowrap}
    td.leaves{color:var(--soft)}
    tr.total td{font-weight:650}
    figure{margin:14px 0 6px}
    figcaption{color:var(--soft);font-size:13px}
    svg{display:block;width:100%;height:auto;overflow:visible}
    svg text{fill:var(--soft)}
    svg .tick,svg .name{font-size:115px}
    svg .name{fill:var(--ink)}
    svg .watermark{font-weight:700;letter-spacing:60px;fill:var(--ink);opacity:.05}
    svg line{stroke:var(--line);stroke-width:8}
    svg .axis{stroke:var(--soft)}
    svg .planned{fill:var(--plan)}
    svg .filled,svg .cost{fill:var(--fill)}
    svg .gain{fill:var(--good)}
    svg .first{stroke:var(--ink);stroke-width:14;fill:none}
    svg .mid{stroke:var(--mid);stroke-width:14;fill:none}
    svg .own{stroke:var(--fill);stroke-width:18;fill:none}
    svg .dot{fill:var(--fill);stroke:var(--paper);stroke-width:8}
    svg .vwap{stroke:var(--vwap);stroke-width:14;stroke-dasharray:60 40}
    svg .average{stroke:var(--fill);stroke-width:14;stroke-dasharray:20 40}
    @media screen and (max-width:760px){.cards{grid-template-columns:1fr 1fr}.verification .open{columns:1}}
    @media print{@page{margin:14mm}
    body{font-size:10.5px}main{max-width:none;padding:0}table{font-size:8.5px}.wide{overflow:visible}
    .cards{gap:8px}.card .value{font-size:17px}.facts,.note,.sub,figcaption{font-size:10px}.verdict{font-size:17px}
    h2{break-after:avoid}tr,svg,figure,.card,.verification{break-inside:avoid}thead{display:table-header-group}
    th,td{padding:3px 7px 3px 0}}
    """
}
